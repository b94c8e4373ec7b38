import { slice, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { takeValues } from './take-values.ts';

/** Most cosines that are held at once. */
const mostNumbers = 2 ** 22;

/**
 * Hands the cosines of every query with all targets to `visit`, one query after the other: queries `[q, D]`, targets `[n, D]`, scores `[n]`
 * (valid until the next query). A zero vector has cosine 0 with everything.
 */
export async function cosineRows(
  queries: Tensor2D,
  targets: Tensor2D,
  visit: (query: number, scores: Float32Array) => void,
): Promise<void> {
  const [count, width] = queries.shape;
  const [targetCount] = targets.shape;
  const chunk = Math.max(1, Math.floor(mostNumbers / targetCount));
  const columns = tidy(() => transpose(l2Normalize(targets)) as Tensor2D); // [D, n]
  try {
    for (let first = 0; first < count; first += chunk) {
      const rows = Math.min(chunk, count - first);
      const cosines = tidy(() => matrixProduct(l2Normalize(slice(queries, [first, 0], [rows, width])) as Tensor2D, columns)); // [rows, n]
      const scores = await takeValues(cosines);
      for (let i = 0; i < rows; i++) visit(first + i, scores.subarray(i * targetCount, (i + 1) * targetCount));
    }
  } finally {
    columns.dispose();
  }
}

/** How many scores come before that of `index`: those larger, and equal ones with a lower index. */
export function rankOf(index: number, scores: Float32Array): number {
  const own = scores[index];
  let rank = 0;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] > own || (scores[i] === own && i < index)) rank++;
  }
  return rank;
}
