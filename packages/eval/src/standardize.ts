/** Mean and spread of each column of the rows that a probe is fitted on. */
export type ColumnStatistics = { mean: Float64Array; deviation: Float64Array };

/** A column that varies less than this share of its size is constant but for float32 rounding. */
const roundingShare = 1e-6;

/** Mean and population standard deviation of each column of `[rows, width]`; a constant column has deviation 0. */
export function columnStatistics(values: Float32Array, width: number): ColumnStatistics {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / rows;
  for (let i = 0; i < values.length; i++) deviation[i % width] += (values[i] - mean[i % width]) ** 2 / rows;
  for (let j = 0; j < width; j++) {
    const spread = Math.sqrt(deviation[j]);
    deviation[j] = spread > roundingShare * Math.abs(mean[j]) ? spread : 0;
  }
  return { mean, deviation };
}

/** `(x - mean) / deviation` for each column of `[rows, width]`; 0 in a column that was constant. */
export function standardize(values: Float32Array, { mean, deviation }: ColumnStatistics): Float32Array {
  const width = mean.length;
  return values.map((value, i) => {
    const column = i % width;
    return deviation[column] > 0 ? (value - mean[column]) / deviation[column] : 0;
  });
}
