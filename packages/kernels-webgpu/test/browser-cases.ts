import {
  add,
  matMul,
  mean,
  mul,
  type Rank,
  scalar,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  tensor2d,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { emaUpdate } from '@vitrail/ema';
import {
  attention,
  gelu,
  l2Normalize,
  layerNorm,
  linear,
  residualLinear,
  softTargetCrossEntropy,
  swiglu,
  takeRows,
  takeTokens,
} from '@vitrail/ops';
import { adafactor, adamw, clippingScale, globalNorm, guardStep, type Optimizer, unlessNaN } from '@vitrail/optim';
import { sampleTensor } from '../../testing/src/sample-tensor.ts';

/** Values of `f`, and its gradients, at tensors of these shapes. */
function valueAndGradients(f: (...inputs: Tensor[]) => Tensor, ...shapes: number[][]): Tensor[] {
  const inputs = shapes.map((shape, i) => sampleTensor<Rank>(shape as [number], i + 1));
  const { value, grads } = valueAndGrads((...given: Tensor[]) => {
    const y = f(...given);
    return mul(y, sampleTensor<Rank>(y.shape as [number], 9)); // No direction of the gradient is special.
  })(inputs);
  return [value, ...grads];
}

/** Parameters and state after three clipped steps, the tensors of the sizes that kernels treat differently. */
function optimized(optimizer: Optimizer): Tensor[] {
  const treeOf = (seed: number): TensorTree =>
    Object.fromEntries(
      [[3], [7, 13], [1031], [60, 30]].map((shape, i) => [`t${i}`, sampleTensor<Rank>(shape as [number], seed + i)]),
    );
  let params = treeOf(1);
  let state = optimizer.init(params);
  for (let step = 0; step < 3; step++) {
    const grads = treeOf(100 * (step + 1));
    ({ params, state } = optimizer.update(grads, state, params, step, clippingScale(globalNorm(grads), 0.5)));
  }
  return Object.values(flattenTree<Tensor>({ params, state }));
}

/** Every family of kernels, by what it computes, with gradients where there are any; shapes that no tile divides. */
export const cases: Readonly<Record<string, () => Tensor[]>> = {
  gelu: () => valueAndGradients((x) => gelu(x), [7, 13]),
  swiglu: () => valueAndGradients((gate, value) => swiglu(gate, value), [7, 13], [7, 13]),
  linear: () => valueAndGradients((x, kernel, bias) => linear(x, { kernel, bias }, 'gelu-tanh'), [65, 31], [31, 43], [43]),
  residualLinear: () =>
    valueAndGradients((x, kernel, bias, y) => residualLinear(x, { kernel, bias }, y), [9, 8], [8, 12], [12], [9, 12]),
  matMul: () => valueAndGradients((a, b) => matMul(a, b, false, true), [3, 17, 9], [3, 11, 9]),
  attention: () => valueAndGradients((qkv) => attention(qkv as Tensor3D, { heads: 3 }), [2, 37, 3 * 3 * 16]),
  'attention with padding': () =>
    valueAndGradients(
      (qkv) => attention(qkv as Tensor3D, { heads: 2, keyMask: tensor2d([1, 1, 0, 1, 0, 1, 1, 1, 1, 1], [2, 5]) }),
      [2, 5, 3 * 2 * 5],
    ),
  layerNorm: () => valueAndGradients((x, scale, bias) => layerNorm(x, { scale, bias }), [301, 13], [13], [13]),
  l2Normalize: () => valueAndGradients((x) => l2Normalize(x), [19, 67]),
  'add, mul, sum and mean': () => valueAndGradients((a, b) => add(mean(mul(a, b), 1), sum(a, [1])), [5, 7], [5, 7]),
  takeRows: () => valueAndGradients((x) => takeRows(x as Tensor2D, tensor1d([4, 0, 4, 2], 'int32')), [5, 9]),
  takeTokens: () => valueAndGradients((x) => takeTokens(x as Tensor3D, tensor2d([0, 4, 4, 2], [2, 2], 'int32')), [2, 5, 9]),
  softTargetCrossEntropy: () => {
    const teacher = {
      features: sampleTensor<Rank.R2>([33, 9], 5),
      prototypes: sampleTensor<Rank.R2>([9, 131], 6),
      temperature: 0.07,
      center: sampleTensor<Rank.R1>([131], 7),
    };
    return valueAndGradients(
      (features, prototypes) => {
        const student = { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 0.1 };
        return softTargetCrossEntropy(student, teacher, { chunkTokens: 20 });
      },
      [33, 17],
      [17, 131],
    );
  },
  'three steps of AdamW': () => optimized(adamw({ learningRate: 0.01, weightDecay: 0.3 })),
  'three steps of Adafactor': () => optimized(adafactor({ learningRate: 0.01 })),
  emaUpdate: () => {
    const tree = (seed: number) => ({ a: sampleTensor<Rank>([37, 91], seed), b: sampleTensor<Rank>([3], seed + 1) });
    return Object.values(emaUpdate(tree(1), tree(5), 0.9));
  },
  guardStep: () => {
    const numbers = sampleTensor<Rank.R1>([4]) as Tensor1D;
    const given = { numbers, norm: scalar(5), counts: tensor1d([3, 2, 16, 1998]), maximumNorm: 0.7, lossScaling: true };
    return Object.values<Tensor>(guardStep(given));
  },
  unlessNaN: () => [0, Number.NaN].flatMap((gate) => unlessNaN(scalar(gate), [sampleTensor([1025])], [sampleTensor([1025], 2)])),
};
