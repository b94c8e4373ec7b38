import {
  add,
  concat,
  exp,
  log,
  max,
  mul,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { differentiable, runOrCompose } from './dispatch.ts';
import { matrixProduct } from './matrix-product.ts';

/**
 * Scores of T tokens against K prototypes, not multiplied out: `features` `[T, d]`, `prototypes` `[d, K]`, and the temperature (above 0)
 * that their product is divided by.
 */
export type PrototypeScores = { readonly features: Tensor2D; readonly prototypes: Tensor2D; readonly temperature: number };

/**
 * Cross-entropy between two softmax distributions over prototypes, per token:
 *
 * `loss[t] = -sum_k P[t, k] log softmax(zs[t] Ws / tau_s)[k]`, `P = softmax((zt Wt - center) / tau_t)`
 *
 * The `[T, K]` scores are never whole in memory: they are computed in chunks of tokens, and again in the backward pass. Gradients go to the
 * student's features and prototypes, none to the teacher or the center.
 *
 * @param student features `[T, d]`, prototypes `[d, K]`, temperature
 * @param teacher features `[T, e]`, prototypes `[e, K]`, temperature, and `center` `[K]`, taken from the scores before the temperature (0 if
 *   absent)
 * @param options `chunkTokens`: tokens per chunk; by default as many as make about 4 million scores
 * @returns `[T]`, in nats, from the entropy of the teacher's distribution upwards; the caller's
 * @throws `shape-mismatch` when tokens, widths or prototypes do not agree; `invalid-argument` for a temperature or chunk that is not above 0
 * @see "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021 (arXiv 2104.14294), eq. 2 and section 3.1
 * @example
 * softTargetCrossEntropy(
 *   { features: ones([5, 4]), prototypes: ones([4, 9]), temperature: 0.1 },
 *   { features: ones([5, 4]), prototypes: ones([4, 9]), temperature: 0.04 },
 * ).shape // [5], each log(9)
 */
export function softTargetCrossEntropy(
  student: PrototypeScores,
  teacher: PrototypeScores & { readonly center?: Tensor1D },
  { chunkTokens }: { chunkTokens?: number } = {},
): Tensor1D {
  const prototypes = requireScores(student, teacher);
  const chunk = chunkTokens ?? Math.max(1, Math.round(CHUNK_SCORES / Math.max(1, prototypes)));
  if (!(Number.isInteger(chunk) && chunk > 0)) {
    throw new VitrailError(
      'invalid-argument',
      `softTargetCrossEntropy: chunkTokens is a whole number above 0, but ${chunkTokens} came`,
    );
  }
  const attributes = { studentTemperature: student.temperature, teacherTemperature: teacher.temperature, chunkTokens: chunk };
  return differentiable<Tensor1D>(
    [student.features, student.prototypes],
    () => {
      const pair: Pair = {
        features: student.features,
        prototypes: student.prototypes,
        teacherFeatures: teacher.features,
        teacherPrototypes: teacher.prototypes,
        center: teacher.center,
      };
      const [loss] = runOrCompose('VitrailSoftTargetCrossEntropy', pair, attributes, () => [composeForward(pair, attributes)]);
      const saved = Object.values(pair).filter((tensor) => tensor !== undefined);
      return { value: loss, saved };
    },
    (dy, saved) => {
      const [features, prototypes, teacherFeatures, teacherPrototypes] = saved as Tensor2D[];
      const pair: Pair = { features, prototypes, teacherFeatures, teacherPrototypes, center: saved[4] };
      return runOrCompose('VitrailSoftTargetCrossEntropyGrad', { dy, ...pair }, attributes, () =>
        composeBackward(dy, pair, attributes),
      );
    },
  );
}

const CHUNK_SCORES = 4_000_000;

type Pair = {
  readonly features: Tensor2D;
  readonly prototypes: Tensor2D;
  readonly teacherFeatures: Tensor2D;
  readonly teacherPrototypes: Tensor2D;
  readonly center?: Tensor;
};
type Attributes = { studentTemperature: number; teacherTemperature: number; chunkTokens: number };

function composeForward(pair: Pair, attributes: Attributes): Tensor {
  const tokens = pair.features.shape[0];
  const losses = chunks(tokens, attributes.chunkTokens).map(([start, length]) =>
    tidy(() => {
      const scores = studentScores(pair, attributes, start, length);
      const lowered = sub(scores, max(scores, 1, true));
      const targets = teacherTargets(pair, attributes, start, length);
      return sub(log(sum(exp(lowered), 1)), sum(mul(targets, lowered), 1)); // [length]
    }),
  );
  return losses.length > 0 ? concat(losses) : zeros([0]);
}

/** With `G = dy (softmax(S) - P) / tau_s`: `dFeatures = G Ws^T`, `dPrototypes = zs^T G`. */
function composeBackward(dy: Tensor1D, pair: Pair, attributes: Attributes): Tensor[] {
  const turnedPrototypes = transpose(pair.prototypes);
  const [tokens, width] = pair.features.shape;
  const dFeatures: Tensor2D[] = [];
  let dPrototypes: Tensor2D = zeros(pair.prototypes.shape);
  for (const [start, length] of chunks(tokens, attributes.chunkTokens)) {
    const [dChunk, dSum] = tidy(() => {
      const excess = sub(
        softmax(studentScores(pair, attributes, start, length)),
        teacherTargets(pair, attributes, start, length),
      );
      const weight = reshape(mul(slice(dy, start, length), 1 / attributes.studentTemperature), [length, 1]);
      const dScores: Tensor2D = mul(excess, weight); // [length, K]
      const features = slice(pair.features, [start, 0], [length, width]);
      return [
        matrixProduct(dScores, turnedPrototypes),
        add(dPrototypes, matrixProduct(transpose(features), dScores)),
      ] as Tensor2D[];
    });
    dFeatures.push(dChunk);
    dPrototypes.dispose();
    dPrototypes = dSum;
  }
  return [dFeatures.length > 0 ? concat(dFeatures) : zeros([0, width]), dPrototypes];
}

function studentScores(
  { features, prototypes }: Pair,
  { studentTemperature }: Attributes,
  start: number,
  length: number,
): Tensor2D {
  // Divided before the product: fewer numbers.
  return matrixProduct(mul(slice(features, [start, 0], [length, features.shape[1]]), 1 / studentTemperature), prototypes);
}

function teacherTargets(pair: Pair, { teacherTemperature }: Attributes, start: number, length: number): Tensor2D {
  const { teacherFeatures, teacherPrototypes, center } = pair;
  const scores = matrixProduct(slice(teacherFeatures, [start, 0], [length, teacherFeatures.shape[1]]), teacherPrototypes);
  return softmax(mul(center ? sub(scores, center) : scores, 1 / teacherTemperature));
}

function chunks(tokens: number, chunk: number): [start: number, length: number][] {
  return Array.from({ length: Math.ceil(tokens / chunk) }, (_, i) => [i * chunk, Math.min(chunk, tokens - i * chunk)]);
}

/** The number of prototypes, once everything fits. */
function requireScores(student: PrototypeScores, teacher: PrototypeScores & { readonly center?: Tensor1D }): number {
  const op = 'softTargetCrossEntropy';
  requireShape(op, 'student.features', student.features, ['T', 'd']);
  const [tokens, width] = student.features.shape;
  requireShape(op, 'student.prototypes', student.prototypes, [width, 'K']);
  const prototypes = student.prototypes.shape[1];
  requireShape(op, 'teacher.features', teacher.features, [tokens, 'e']);
  requireShape(op, 'teacher.prototypes', teacher.prototypes, [teacher.features.shape[1], prototypes]);
  if (teacher.center) requireShape(op, 'teacher.center', teacher.center, [prototypes]);
  for (const [name, { temperature }] of Object.entries({ student, teacher })) {
    if (!(temperature > 0)) {
      throw new VitrailError('invalid-argument', `${op}: ${name}.temperature is above 0, but ${temperature} came`);
    }
  }
  return prototypes;
}
