import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { memory, ready, setBackend } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';

let before = 0;

beforeAll(async () => {
  await setBackend('cpu');
  await ready();
});

beforeEach(() => {
  before = memory().numTensors;
});

/** Every test disposes what it makes (`tidy` does), so that a function that leaks inside fails the test that calls it. */
afterEach(() => {
  expect(memory().numTensors - before, 'tensors leaked by this test').toBe(0);
});
