import { countShapes } from '@vitrail/core';
import { type MlpConfig, mlpShapes, type PrototypeHeadConfig, prototypeHeadParameterCount } from '@vitrail/heads';
import type { Pass } from './step-memory.ts';

/** Scores that the gradient of the patch and DINO losses has in memory at a time, of student and of teacher (`softTargetCrossEntropy`). */
const CHUNK_SCORES = 2 ** 22;

/**
 * `rows` tokens through a head to prototypes, and compared with what a teacher's says of them: two hidden layers before and after the
 * activation, the output before and after its normalisation, and gradients; the prototypes of both as they are compared.
 */
export function prototypePass(head: PrototypeHeadConfig, { name, rows }: { name: string; rows: number }): Pass {
  const { hidden, bottleneck, prototypes } = head;
  const chunk = Math.min(rows, Math.max(1, Math.round(CHUNK_SCORES / prototypes)));
  const scores = { name: `the scores of ${chunk} ${name}`, numbers: chunk * prototypes };
  const directions = { name: 'the prototypes', numbers: prototypes * bottleneck };
  return {
    parameters: prototypeHeadParameterCount(head),
    inside: rows * (6 * hidden + 4 * bottleneck) + 5 * directions.numbers,
    around: 0,
    tensors: [scores, directions].map((tensor) => ({ ...tensor, setting: 'heads.prototypes', isFloat32: true })),
  };
}

/**
 * Views of `rows` vectors through an MLP, one after the other. A layer keeps its output, and with a batch norm the centred one, its square, the
 * normalised one and what scale and bias make of it; with an activation one more; and the gradients of all of these.
 */
export function mlpPass(config: MlpConfig, { views, rows }: { views: number; rows: number }): Pass {
  const kept = config.layers.map(({ width, norm, activation }) => {
    const inNorm = norm === 'affine' ? 11 : norm === 'plain' ? 9 : 0;
    return width * (2 + inNorm + (activation ? 2 : 0));
  });
  return {
    parameters: views * countShapes(mlpShapes(config)),
    inside: views * rows * kept.reduce((sum, numbers) => sum + numbers, 0),
    around: 0,
    tensors: [],
  };
}

/** A linear map of `rows` vectors, and the gradient of what comes out. */
export function linearPass(rows: number, { inputs, outputs }: { inputs: number; outputs: number }): Pass {
  return { parameters: inputs * outputs, inside: 2 * rows * outputs, around: 0, tensors: [] };
}

/** Predicted pixels of `rows` patches of `numbers` each, compared with those of the pictures, which may be normalised patch by patch. */
export function pixelsPass(rows: number, { numbers, normalized }: { numbers: number; normalized: boolean }): Pass {
  return { parameters: 0, inside: 0, around: (normalized ? 9.5 : 5.5) * rows * numbers, tensors: [] };
}

/** Cosines of `rows` vectors of a length with their targets: both as unit vectors, products and gradients. */
export function cosinePass(rows: number, width: number): Pass {
  return { parameters: 0, inside: 0, around: 7 * rows * width, tensors: [] };
}

/**
 * Similarities of all pictures and all captions of a batch, `[B, B]`, of `pairs` pairs of views: in either direction scores, their logarithms of
 * softmax and products with labels, and gradients.
 */
export function similaritiesPass(batch: number, pairs = 1): Pass {
  return {
    parameters: 0,
    inside: 0,
    around: pairs * 12 * batch ** 2,
    tensors: [{ name: 'the similarities of a batch', numbers: batch ** 2, setting: 'train.batchSize', isFloat32: true }],
  };
}

/** Correlations of all features of two views, `[D, D]`, of `pairs` pairs: products, their distances from the identity, weights and gradients. */
export function correlationsPass(features: number, pairs: number): Pass {
  return {
    parameters: 0,
    inside: 0,
    around: pairs * 14 * features ** 2,
    tensors: [{ name: 'the correlations of features', numbers: features ** 2, setting: 'bar.outputs', isFloat32: true }],
  };
}
