import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { VitrailError } from './errors.ts';
import type { ParameterShapes } from './parameter-shapes.ts';
import type { Rng } from './rng.ts';
import { flattenTree, selectPaths, type TensorTree, unflattenTree } from './tree.ts';

/** The numbers a parameter of that shape starts with, row-major. */
export type Initializer = (shape: readonly number[], rng: Rng) => Float32Array;

/** Which initialiser serves which parameters: patterns of `selectPaths`, the first that matches counts. */
export type InitializationRule = readonly (readonly [pattern: string, initializer: Initializer])[];

/**
 * Parameters of the given shapes, filled by rule.
 *
 * Each parameter draws from its own stream, `rng.fork(...names on its path)`: adding, removing or reordering parameters changes no other.
 *
 * @param rule the first pattern that matches a path says how it is filled
 * @returns the tree of float32 tensors, the caller's
 * @throws `invalid-argument` for a parameter that no pattern matches
 * @example initParameters({ kernel: [8, 3], bias: [3] }, createRng(0), [['kernel', normal(0.02)], ['**', filled(0)]])
 */
export function initParameters(shapes: ParameterShapes, rng: Rng, rule: InitializationRule): TensorTree {
  const matchers = rule.map(([pattern, initializer]) => ({ matches: selectPaths(pattern), initializer }));
  // Every pattern is looked up before the first tensor is made, so that an error leaves none behind.
  const fillings = Object.entries(flattenTree(shapes)).map(([path, shape]) => {
    const match = matchers.find(({ matches }) => matches(path));
    if (!match) throw new VitrailError('invalid-argument', `initParameters: no pattern of the rule matches "${path}"`);
    return { path, shape, initializer: match.initializer };
  });
  return unflattenTree<Tensor>(
    Object.fromEntries(
      fillings.map(({ path, shape, initializer }) => [
        path,
        tensor(initializer(shape, rng.fork(...path.split('.'))), [...shape], 'float32'),
      ]),
    ),
  );
}

/** The same number everywhere. */
export function filled(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** N(0, deviation^2). */
export function normal(deviation: number): Initializer {
  return (shape, rng) => drawn(shape, () => deviation * rng.normal());
}

/**
 * N(0, deviation^2) without what lies further out than two deviations (drawn again). What is left has 0.88 of the deviation.
 *
 * PyTorch's `trunc_normal_(std=0.02)` cuts at +-2 in absolute numbers, a hundred deviations out, so in effect not at all; here the cut is
 * the one that the name promises.
 */
export function truncatedNormal(deviation: number): Initializer {
  return (shape, rng) =>
    drawn(shape, () => {
      let value: number;
      do value = rng.normal();
      while (Math.abs(value) > 2);
      return deviation * value;
    });
}

/**
 * Uniform within `+-sqrt(6 / (inputs + outputs))`, for a kernel `[inputs, parts * outputs]` that packs `parts` equal projections.
 *
 * @throws `shape-mismatch` when it is to fill anything but a matrix
 * @see "Understanding the difficulty of training deep feedforward neural networks", Glorot, Bengio 2010, eq. 16
 */
export function xavierUniform({ parts = 1 }: { parts?: number } = {}): Initializer {
  return (shape, rng) => {
    const [inputs, outputs] = requireMatrix('xavierUniform', shape);
    const limit = Math.sqrt(6 / (inputs + outputs / parts));
    return drawn(shape, () => rng.uniform(-limit, limit));
  };
}

/**
 * Uniform within `+-1 / sqrt(inputs)` for a kernel `[inputs, outputs]`: PyTorch's default for linear layers and convolutions.
 *
 * @throws `shape-mismatch` when it is to fill anything but a matrix
 */
export const fanInUniform: Initializer = (shape, rng) => {
  const [inputs] = requireMatrix('fanInUniform', shape);
  const limit = 1 / Math.sqrt(inputs);
  return drawn(shape, () => rng.uniform(-limit, limit));
};

function requireMatrix(name: string, shape: readonly number[]): readonly number[] {
  if (shape.length === 2) return shape;
  throw new VitrailError('shape-mismatch', `${name} fills kernels [inputs, outputs], but the shape [${shape.join(', ')}] came`);
}

function drawn(shape: readonly number[], draw: () => number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, draw);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
