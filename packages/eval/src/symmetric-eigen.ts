/** Eigenvalues, largest first, and their unit vectors, in rows. */
export type Eigen = { values: Float64Array; vectors: Float64Array[] };

const maxSweeps = 50;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix `[n][n]`, by cyclic Jacobi rotations; for `n` up to some hundreds.
 *
 * @see Golub, Van Loan: Matrix Computations, 4th edition, section 8.5
 */
export function symmetricEigen(matrix: readonly Float64Array[]): Eigen {
  const n = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const v = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))); // eigenvectors, in rows
  const size = a.reduce((sum, row) => sum + row.reduce((total, value) => total + value * value, 0), 0);
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p][q] ** 2;
    if (off <= 1e-30 * size) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] !== 0) rotate(a, v, p, q);
      }
    }
  }
  const order = v.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
  return { values: Float64Array.from(order, (i) => a[i][i]), vectors: order.map((i) => v[i]) };
}

/** The rotation of rows and columns p and q that brings `a[p][q]` to 0. */
function rotate(a: Float64Array[], v: Float64Array[], p: number, q: number): void {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const tangent = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (const row of a) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
  for (const rows of [a, v]) {
    const [first, second] = [rows[p], rows[q]];
    for (let j = 0; j < first.length; j++) {
      [first[j], second[j]] = [cosine * first[j] - sine * second[j], sine * first[j] + cosine * second[j]];
    }
  }
}
