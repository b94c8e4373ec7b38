import { add, engine, mean, mul, scalar, square, sub, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { attention, layerNorm, linear } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { adamw } from '../../optim/src/index.ts';

/** Three steps of gradient descent on one transformer block: the losses, and the parameters after them. */
export function train(): { losses: number[]; params: Float32Array[] } {
  const [width, heads] = [12, 3];
  const shapes = [[width], [width], [width, 36], [36], [width, width], [width], [width, 24], [24], [24, width]];
  const losses: number[] = [];
  const run = () => {
    const x: Tensor3D = sampleTensor([2, 6, width], 20);
    let params = shapes.map((shape, i) => mul(sampleTensor(shape as [number], i + 1), 0.3));
    for (let step = 0; step < 3; step++) {
      const { value, grads } = engine().gradients(() => blockLoss(x, params, heads), params);
      losses.push(value.dataSync()[0] as number);
      params = params.map((param, i) => sub(param, mul(grads[i] as Tensor, 0.1)));
    }
    return params.map((param) => param.dataSync() as Float32Array);
  };
  // Numbers, not tensors, come out: a tidy hands on whatever it does not know.
  const params = engine().tidy(run as () => never);
  return { losses, params };
}

function blockLoss(x: Tensor3D, params: readonly Tensor[], heads: number): Tensor {
  const [scale, bias, qkv, qkvBias, proj, projBias, fc1, fc1Bias, fc2] = params as [Tensor, Tensor, Tensor, ...Tensor[]];
  const mixed = attention(linear(layerNorm(x, { scale, bias }), { kernel: qkv, bias: qkvBias }) as Tensor3D, { heads });
  const attended = add(x, linear(mixed, { kernel: proj as Tensor, bias: projBias }));
  const hidden = linear(attended, { kernel: fc1 as Tensor, bias: fc1Bias }, 'gelu');
  return mean(square(add(attended, linear(hidden, { kernel: fc2 as Tensor }))));
}

/**
 * The parameters and the state after three updates of three parameters, one of them without weight decay, one long enough for
 * parts.
 */
export function optimise(isScaled: boolean): Float32Array[] {
  const optimizer = adamw({ learningRate: (step) => 0.1 / (step + 1), weightDecay: 0.05, decays: (path) => path !== 'bias' });
  const run = () => {
    const params = { kernel: sampleTensor([211, 97], 1), bias: sampleTensor([7], 2), scale: sampleTensor([1], 3) };
    const grads = { kernel: sampleTensor([211, 97], 4), bias: sampleTensor([7], 5), scale: sampleTensor([1], 6) };
    const gradientScale = isScaled ? scalar(0.3) : undefined;
    let current: { params: TensorTree; state: TensorTree } = { params, state: optimizer.init(params) };
    for (let step = 0; step < 3; step++) current = optimizer.update(grads, current.state, current.params, step, gradientScale);
    return Object.values(flattenTree<Tensor>(current)).map((tensor) => tensor.dataSync() as Float32Array);
  };
  return engine().tidy(run as () => never);
}
