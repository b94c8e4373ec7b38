import { flattenTree, type Tree } from './tree.ts';

/** The shape of every parameter of a model, under the same names as the parameters themselves. */
export type ParameterShapes = Tree<readonly number[]>;

/**
 * The number of scalars that parameters of these shapes hold. Nothing is allocated, so it works for models that would not fit in memory.
 *
 * @example countShapes({ kernel: [8, 3], bias: [3] }) // 27
 */
export function countShapes(shapes: ParameterShapes): number {
  return Object.values(flattenTree(shapes)).reduce(
    (sum, shape) => sum + shape.reduce((product, length) => product * length, 1),
    0,
  );
}

/** Shapes of a linear layer with a bias: `kernel` `[inputs, outputs]`, `bias` `[outputs]`. */
export function linearShapes(inputs: number, outputs: number) {
  return { kernel: [inputs, outputs], bias: [outputs] };
}

/** Shapes of a layer norm: `scale` and `bias`, `[width]` each. */
export function layerNormShapes(width: number) {
  return { scale: [width], bias: [width] };
}
