import { customGrad, mul, square, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { expectGradient, expectGradientAsync } from './finite-differences.ts';
import { sampleTensor } from './sample-tensor.ts';

/** `x^2` with this in place of its gradient. */
const squareWith = (gradient: (dy: Tensor, x: Tensor) => Tensor) =>
  customGrad((x) => ({ value: square(x as Tensor), gradFunc: (dy) => gradient(dy, x as Tensor) }));

/** Right but for the fifth number, 2 % larger: the smallest mistake that is to be seen. */
const nearly = squareWith((dy, x) => mul(mul(dy, x), mul(2, tensor1d([1, 1, 1, 1, 1.02, 1]))));

it('accepts the gradient of every input', async () => {
  const inputs = [tensor1d([1, -2, 3, 0.5, 5, 0]), sampleTensor([6], 2)];
  expectGradient((a, b) => mul(square(a), b), inputs);
  await expectGradientAsync((a, b) => mul(square(a), b), inputs);
  for (const input of inputs) input.dispose();
});

it('catches a gradient that is wrong at one coordinate, and says where', async () => {
  const x = tensor1d([1, 2, 3, 4, 5, 6]);
  const message = /^gradient 0, coordinate 4: reported .*, central difference /;
  expect(() => expectGradient(nearly, [x])).toThrow(message);
  await expect(expectGradientAsync(nearly, [x])).rejects.toThrow(message);
  x.dispose();
});

it('catches a gradient of NaN', () => {
  const notANumber = squareWith((dy, x) => mul(mul(dy, x), Number.NaN));
  tidy(() => {
    expect(() => expectGradient(notANumber, [tensor1d([1, 2, 3])])).toThrow('coordinate 0: reported NaN');
  });
});
