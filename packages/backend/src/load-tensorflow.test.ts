import {
  findBackend,
  getBackend,
  getKernel,
  grad,
  matMul,
  memory,
  setBackend,
  square,
  sum,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { isVitrailError } from '@vitrail/core';
import { expect, it } from 'vitest';
import { hasTensorflow, onTensorflow, tensorflowFolder } from '../test/on-tensorflow.ts';
import { describeMachine } from './describe-machine.ts';
import { startBackend } from './start-backend.ts';

onTensorflow('startBackend', () => {
  it('computes values and gradients there', () => {
    expect(getBackend()).toBe('tensorflow');
    tidy(() => {
      const x = tensor2d([
        [1, 2],
        [3, 4],
      ]);
      expect([...matMul(x, x).dataSync()]).toEqual([7, 10, 15, 22]);
      expect([...grad((y) => sum(square(y)))(x).dataSync()]).toEqual([2, 4, 6, 8]);
    });
  });

  it('says which TensorFlow runs, and on what', async () => {
    const { name, reason } = await startBackend('tensorflow', { tensorflow: { folder: tensorflowFolder } });
    expect(name).toBe('tensorflow');
    expect(reason).toMatch(/^TensorFlow \d+\.\d+\.\d+.* on (the processor|a GPU).*, by tfjs-node 4\./);
  });

  it('registers the kernels for ops', () => {
    expect(getKernel('VitrailLinear', 'tensorflow')).toBeDefined();
  });

  it('is what auto takes, and takes back nothing from a backend that runs already', async () => {
    const started = findBackend('tensorflow');
    await setBackend('cpu');
    const report = await startBackend('auto', { tensorflow: { folder: tensorflowFolder } });
    expect(report.name).toBe('tensorflow');
    expect(report.reason).toMatch(/; no webgpu: /);
    expect(findBackend('tensorflow')).toBe(started);
  });

  it('is refused where a GPU was asked for and there is none, and the backend before stays', async () => {
    const { tensorflow } = await describeMachine({ tensorflow: { folder: tensorflowFolder } });
    const start = () => startBackend('tensorflow', { tensorflow: { folder: tensorflowFolder, device: 'gpu' } });
    if (tensorflow?.gpu === 'yes') {
      expect((await start()).reason).toContain('on a GPU');
      return;
    }
    const tensors = memory().numTensors;
    const failure = await start().catch((error: unknown) => error);
    expect(isVitrailError(failure) && failure.code).toBe('unavailable');
    expect(String(failure)).toMatch(/without CUDA|no NVIDIA driver|GPU/);
    expect(getBackend()).toBe('tensorflow');
    expect(memory().numTensors).toBe(tensors);
  });
});

it.runIf(hasTensorflow)('leaves the tensors of other backends where they are', async () => {
  await setBackend('cpu');
  const x = tensor2d([[1, 2]]);
  await startBackend('tensorflow', { tensorflow: { folder: tensorflowFolder } });
  tidy(() => {
    expect([...square(x).dataSync()]).toEqual([1, 4]);
  });
  await setBackend('cpu');
  expect([...x.dataSync()]).toEqual([1, 2]);
  x.dispose();
});
