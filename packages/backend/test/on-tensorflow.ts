import { homedir } from 'node:os';
import { join } from 'node:path';
import { backend, getBackend, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { startBackend } from '../src/start-backend.ts';
import { findTensorflow } from '../src/tensorflow-installation.ts';

/** Where the tests look for TensorFlow: the folder in VITRAIL_TEST_TENSORFLOW, or where `vitrail doctor --setup-tensorflow` puts it. */
const asked = process.env.VITRAIL_TEST_TENSORFLOW;
export const tensorflowFolder =
  asked ?? join(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'vitrail', 'tensorflow');

const search = await findTensorflow(tensorflowFolder);
if ('missing' in search && asked !== undefined) throw new Error(`VITRAIL_TEST_TENSORFLOW is set, but ${search.missing}`);

/** Whether there is a TensorFlow that tests can run on. */
export const hasTensorflow = 'found' in search;

/** Tests on the backend `tensorflow`, which fail when they leave a tensor in TensorFlow. Without TensorFlow they are skipped. */
export function onTensorflow(name: string, tests: () => void): void {
  const suffix = hasTensorflow ? '' : ' (skipped: TensorFlow is not set up here; `npm test -- --with-tensorflow` does it)';
  describe.skipIf(!hasTensorflow)(`${name} on tensorflow${suffix}`, () => {
    let previous: string;
    let before = 0;
    beforeAll(async () => {
      previous = getBackend();
      await startBackend('tensorflow', { tensorflow: { folder: tensorflowFolder } });
    });
    beforeEach(() => {
      before = tensorsInTensorflow();
    });
    afterEach(() => {
      expect(tensorsInTensorflow() - before, 'tensors left in TensorFlow by this test').toBe(0);
    });
    afterAll(async () => {
      await setBackend(previous);
    });
    tests();
  });
}

function tensorsInTensorflow(): number {
  return (backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors();
}
