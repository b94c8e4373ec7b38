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

/** Scores that are in memory at once, unless the caller says otherwise. */
const CHUNK_SCORES = 4_000_000;

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
 * @param options `iterations`: 3 by default, as in SwAV and DINOv2; `chunkTokens`: rows at a time, by default as many as make about 4
 *   million scores; `allReduce`: the batch is then that of all workers, against the same K prototypes, none by default
 * @returns `[K]`, the caller's
 * @throws `shape-mismatch` when features and prototypes do not fit together; `invalid-argument` for no rows or prototypes, a temperature
 *   that is not above 0, or iterations or a chunk that are no whole number of at least 1
 * @see "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments" (SwAV), Caron et al. 2020 (arXiv 2006.09882), section
 *   3.1 and appendix A; "Sinkhorn Distances", Cuturi 2013 (arXiv 1306.0895); DINOv2, `loss/dino_clstoken_loss.py`
 * @example sinkhornCenter({ features: ones([5, 4]), prototypes: ones([4, 9]), temperature: 0.05 }).shape // [9]
 */
export function sinkhornCenter(
  scores: PrototypeScores,
  { iterations = 3, chunkTokens, allReduce }: { iterations?: number; chunkTokens?: number; allReduce?: AllReduce } = {},
): Tensor1D {
  requireScores(scores);
  const { features, prototypes, temperature } = scores;
  const rows = chunkTokens ?? Math.max(1, Math.round(CHUNK_SCORES / prototypes.shape[1]));
  for (const [name, value] of Object.entries({ iterations, chunkTokens: rows })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new VitrailError('invalid-argument', `sinkhornCenter: ${name} is a whole number of at least 1, but ${value} came`);
    }
  }
  const sumOverBatch = (summarise: (some: Tensor2D) => Tensor1D) => {
    const own = overRows(features, prototypes, rows, summarise, add);
    return allReduce ? allReduce.sum(own) : own;
  };
  return withoutGradient(() => {
    // The first round, whose rows are not yet normalised; from the largest score of each prototype, so that nothing overflows or vanishes.
    const ownLargest = overRows(features, prototypes, rows, (some) => max(some, 0), maximum);
    const largest = allReduce ? allReduce.max(ownLargest) : ownLargest;
    const shares = sumOverBatch((some) => sumOfRows(exp(div(sub(some, largest), temperature))));
    let center: Tensor1D = add(largest, mul(log(shares), temperature));
    for (let round = 1; round < iterations; round++) {
      // Never near 0: after a round each prototype has a row that gives it 1 / (T K) at least.
      const assigned = sumOverBatch((some) => sumOfRows(softmax(div(sub(some, center), temperature))));
      center = add(center, mul(log(assigned), temperature));
    }
    return center;
  });
}

/** A number per prototype from the scores of some rows, `[n, K] -> [K]`, joined over all of them, `rows` at a time. */
function overRows(
  features: Tensor2D,
  prototypes: Tensor2D,
  rows: number,
  summarise: (some: Tensor2D) => Tensor1D,
  join: (a: Tensor1D, b: Tensor1D) => Tensor1D,
): Tensor1D {
  const [count, width] = features.shape;
  const summaries = Array.from({ length: Math.ceil(count / rows) }, (_, i) =>
    tidy(() => {
      const some = slice(features, [i * rows, 0], [Math.min(rows, count - i * rows), width]);
      return summarise(matrixProduct(some, prototypes));
    }),
  );
  return summaries.reduce(join);
}

/** By a matrix product: a sum over axis 0 is slow on the wasm backend. */
function sumOfRows(x: Tensor2D): Tensor1D {
  return reshape(matrixProduct(ones([1, x.shape[0]]), x), [x.shape[1]]);
}

function requireScores({ features, prototypes, temperature }: PrototypeScores): void {
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
}
