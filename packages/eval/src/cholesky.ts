/** The lower triangle `L` of a symmetric positive definite matrix `A = L L^T`, both `[n, n]` row-major. */
export function cholesky(matrix: ArrayLike<number>, n: number): Float64Array {
  const lower = Float64Array.from(matrix);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * n + j];
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j];
    }
    lower.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return lower;
}

/** Solves `L L^T X = B` for `[n, columns]`, row-major, in place. */
export function solveCholesky(lower: Float64Array, right: Float64Array, n: number): void {
  const columns = right.length / n;
  const subtract = (from: number, row: number, factor: number) => {
    for (let c = 0; c < columns; c++) right[from * columns + c] -= factor * right[row * columns + c];
  };
  const divide = (row: number) => {
    for (let c = 0; c < columns; c++) right[row * columns + c] /= lower[row * n + row];
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, lower[i * n + k]);
    divide(i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k, lower[k * n + i]);
    divide(i);
  }
}
