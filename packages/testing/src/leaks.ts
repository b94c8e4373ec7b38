import { memory, type Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/**
 * Runs `make`, fails unless the tensors it returns are the only ones left alive, disposes them and says how many there were.
 *
 * @example expectNoLeak(() => [layerNorm(x, params)])
 * @example await expectNoLeakAsync(async () => [await classEmbeddings(encodeTexts, names, templates)])
 */
export function expectNoLeak(make: () => readonly Tensor[]): void {
  const before = memory().numTensors;
  requireOnly(before, make());
}

/** {@link expectNoLeak} of a function that waits. */
export async function expectNoLeakAsync(make: () => Promise<readonly Tensor[]>): Promise<void> {
  const before = memory().numTensors;
  requireOnly(before, await make());
}

function requireOnly(before: number, returned: readonly Tensor[]): void {
  expect(memory().numTensors - before, 'tensors alive after the call, against those returned').toBe(new Set(returned).size);
  for (const tensor of returned) tensor.dispose();
}
