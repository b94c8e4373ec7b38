import { memory, type Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/**
 * Runs `make`, fails unless the tensors it returns are the only ones left alive, disposes them and says how many there were.
 *
 * @example expectNoLeak(() => [layerNorm(x, params)])
 */
export function expectNoLeak(make: () => readonly Tensor[]): void {
  const before = memory().numTensors;
  const returned = make();
  expect(memory().numTensors - before, 'tensors alive after the call, against those returned').toBe(new Set(returned).size);
  for (const tensor of returned) tensor.dispose();
}
