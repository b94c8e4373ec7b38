import type { Tensor2D } from '@tensorflow/tfjs-core';
import { cosineRows } from './cosine-rows.ts';
import { finiteValues, requireCount, requireLabels, requirePositive, requireShape } from './require-input.ts';

/** What {@link knn} takes. */
export type KnnOptions = {
  /** The gallery, `[n, D]`, any length; the caller's. */
  train: Tensor2D;
  /** `[n]`, in `[0, classCount)`. */
  trainLabels: ArrayLike<number>;
  /** The queries, `[m, D]`, any length; the caller's. */
  test: Tensor2D;
  /** `[m]`, in `[0, classCount)`. */
  testLabels: ArrayLike<number>;
  classCount: number;
  /** How many neighbours vote; all of them where the gallery has fewer. */
  k?: number;
  temperature?: number;
};

/**
 * Accuracy of weighted k-nearest-neighbour classification by cosine: each of the k nearest votes for its class with
 * `softmax(cosine / temperature)` over the k. Equal neighbours are taken by index, equal votes go to the lower class.
 *
 * @returns the share of queries whose class won, in [0, 1]
 * @throws `shape-mismatch`, `missing-data` (an empty gallery or no query), `non-finite`, `invalid-argument` (a label, k or temperature out of range)
 * @see Wu et al. 2018, section 3.4; `dinov2/eval/knn.py`
 * @example await knn({ train, trainLabels, test, testLabels, classCount: 10 }) // { top1: 0.8 }
 */
export async function knn({
  train,
  trainLabels,
  test,
  testLabels,
  classCount,
  k = 20,
  temperature = 0.07,
}: KnnOptions): Promise<{ top1: number }> {
  requireCount('knn', 'classCount', classCount);
  requireCount('knn', 'k', k);
  requirePositive('knn', 'temperature', temperature);
  requireShape('knn', 'train', train, ['n', 'D']);
  const [galleryCount, width] = train.shape;
  requireShape('knn', 'test', test, ['m', width]);
  const [queryCount] = test.shape;
  requireLabels('knn', 'trainLabels', trainLabels, { length: galleryCount, classCount });
  requireLabels('knn', 'testLabels', testLabels, { length: queryCount, classCount });
  await finiteValues('knn', { train, test });

  let correct = 0;
  await cosineRows(test, train, (query, scores) => {
    const neighbours = nearest(scores, k);
    const votes = new Float64Array(classCount);
    // Divided by the largest term; the softmax's denominator is common to all votes and does not change the winner.
    for (const i of neighbours) votes[trainLabels[i]] += Math.exp((scores[i] - scores[neighbours[0]]) / temperature);
    if (votes.indexOf(Math.max(...votes)) === testLabels[query]) correct++;
  });
  return { top1: correct / queryCount };
}

/** The places of the `k` largest scores, largest first. */
function nearest(scores: Float32Array, k: number): number[] {
  const places: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (places.length === k && scores[i] <= scores[places[k - 1]]) continue;
    let at = places.length;
    while (at > 0 && scores[places[at - 1]] < scores[i]) at--;
    places.splice(at, 0, i);
    if (places.length > k) places.pop();
  }
  return places;
}
