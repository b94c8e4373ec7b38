import {
  add,
  div,
  exp,
  log,
  max,
  maximum,
  mul,
  ones,
  reshape,
  slice,
  softmax,
  sub,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { type AllReduce, requireShape, VitrailError } from '@vitrail/core';
import { matrixProduct, type PrototypeScores, withoutGradient } from '@vitrail/ops';

/** Scores that are in memory at once. */
const CHUNK_SCORES = 4_000_000;

/** Below this a prototype's share of the batch is not told apart from nothing. */
const SMALLEST_SHARE = 1e-30;

/**
 * Sinkhorn's balanced assignment of a batch to prototypes, as a center: with it the softmax of the scores is the assignment,
 *
 * `Q[t] = softmax((scores[t] - center) / temperature)`, `scores = features prototypes`
 *
 * where Q is `exp(scores / temperature)` after `iterations` rounds of giving every prototype the same share of the batch and then every row
 * the sum 1. (Rounds multiply rows and columns by numbers, and the last one makes rows sum to 1: what is left of them is one number per
 * prototype.) So the losses that take a teacher with a center take Sinkhorn's targets as well, `{ ...teacher, center: sinkhornCenter(teacher) }`,
 * and neither scores nor assignments are ever whole in memory.
 *
 * Computed in logarithms: no temperature is too low. Gets and gives no gradient.
 *
 * @param scores of the whole batch: features `[T, d]`, prototypes `[d, K]`, and the temperature (0.05 in SwAV, the teacher's in DINOv2)
 * @param options `iterations`: 3 by default, as in SwAV and DINOv2; `allReduce`: the batch is then that of all workers, against the same K
 *   prototypes, none by default
 * @returns `[K]`, the caller's
 * @throws `shape-mismatch` when features and prototypes do not fit together; `invalid-argument` for no rows or prototypes, a temperature
 *   that is not above 0, or iterations that are no whole number of at least 1
 * @see "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments" (SwAV), Caron et al. 2020 (arXiv 2006.09882), section
 *   3.1 and appendix A; "Sinkhorn Distances", Cuturi 2013 (arXiv 1306.0895); DINOv2, `loss/dino_clstoken_loss.py`
 * @example sinkhornCenter({ features: ones([5, 4]), prototypes: ones([4, 9]), temperature: 0.05 }).shape // [9]
 */
export function sinkhornCenter(
  scores: PrototypeScores,
  { iterations = 3, allReduce }: { iterations?: number; allReduce?: AllReduce } = {},
): Tensor1D {
  requireScores(scores, iterations);
  const { temperature } = scores;
  const reduce = (own: Tensor1D, operation: 'sum' | 'max') => (allReduce ? allReduce[operation](own) : own);
  return withoutGradient(() => {
    // The first round, whose rows are not yet normalised; from the largest score of each prototype, so that nothing overflows or vanishes.
    const largest = reduce(
      overRows(scores, (chunk) => max(chunk, 0), maximum),
      'max',
    );
    const shares = overRows(scores, (chunk) => sumOfRows(exp(div(sub(chunk, largest), temperature))), add);
    let center: Tensor1D = add(largest, mul(log(reduce(shares, 'sum')), temperature));
    for (let round = 1; round < iterations; round++) {
      const assigned = overRows(scores, (chunk) => sumOfRows(softmax(div(sub(chunk, center), temperature))), add);
      center = add(center, mul(log(maximum(reduce(assigned, 'sum'), SMALLEST_SHARE)), temperature));
    }
    return center;
  });
}

/** A number per prototype from the scores of some rows, `[n, K] -> [K]`, joined over all rows. */
function overRows(
  { features, prototypes }: PrototypeScores,
  summarise: (chunk: Tensor2D) => Tensor1D,
  join: (a: Tensor1D, b: Tensor1D) => Tensor1D,
): Tensor1D {
  const [count, width] = features.shape;
  const rows = Math.max(1, Math.round(CHUNK_SCORES / prototypes.shape[1]));
  let joined: Tensor1D | undefined;
  for (let start = 0; start < count; start += rows) {
    const before = joined;
    joined = tidy(() => {
      const chunk = slice(features, [start, 0], [Math.min(rows, count - start), width]);
      const summary = summarise(matrixProduct(chunk, prototypes));
      return before ? join(before, summary) : summary;
    });
    before?.dispose();
  }
  return joined as Tensor1D;
}

/** By a matrix product: a sum over axis 0 is slow on the wasm backend. */
function sumOfRows(x: Tensor2D): Tensor1D {
  return reshape(matrixProduct(ones([1, x.shape[0]]), x), [x.shape[1]]);
}

function requireScores({ features, prototypes, temperature }: PrototypeScores, iterations: number): void {
  requireShape('sinkhornCenter', 'features', features, ['T', 'd']);
  requireShape('sinkhornCenter', 'prototypes', prototypes, [features.shape[1], 'K']);
  if (features.shape[0] === 0 || prototypes.shape[1] === 0) {
    throw new VitrailError(
      'invalid-argument',
      `sinkhornCenter: an assignment needs at least one row and one prototype, but ${features.shape[0]} and ${prototypes.shape[1]} came`,
    );
  }
  if (!(temperature > 0)) {
    throw new VitrailError('invalid-argument', `sinkhornCenter: temperature is above 0, but ${temperature} came`);
  }
  if (!(Number.isInteger(iterations) && iterations >= 1)) {
    throw new VitrailError(
      'invalid-argument',
      `sinkhornCenter: iterations is a whole number of at least 1, but ${iterations} came`,
    );
  }
}
