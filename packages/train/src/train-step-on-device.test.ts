import {
  clipByValue,
  copyRegisteredKernels,
  findBackendFactory,
  memory,
  mul,
  registerBackend,
  removeBackend,
  type Scalar,
  scalar,
  setBackend,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { adafactor, adamw, lamb } from '@vitrail/optim';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { batchOf, bits, type LinearProgram, type LinearState, linearRegression, release } from '../test/linear-regression.ts';
import { createTrainStep, disposeState, initTrainState } from './train-step.ts';

/** The backend cpu under a name of its own: values of tensors that are not known to lie on the host are those of a device. */
beforeAll(async () => {
  await setBackend('cpu');
  const cpu = findBackendFactory('cpu');
  if (cpu === undefined) throw new Error('the backend cpu is there in tests');
  copyRegisteredKernels('cpu', 'some-device');
  registerBackend('some-device', cpu);
});

afterAll(async () => {
  await setBackend('cpu');
  removeBackend('some-device');
});

/** The guard has work to do from the start, and the loss is NaN at some steps. */
const program: LinearProgram = {
  ...linearRegression,
  init: () => ({
    params: { layer: { kernel: tensor2d([0.5, -1], [2, 1]), bias: tensor1d([0.25]) } },
    carried: { center: scalar(0) },
  }),
  constrain: ({ layer }) => ({ 'layer.kernel': clipByValue(layer.kernel, -0.9, 0.9) }),
  trains: (path, step) => path !== 'layer.bias' || step > 1,
  loss: (params, carried, batch, step) => {
    const result = linearRegression.loss(params, carried, batch, step);
    return [0, 3, 4].includes(step) ? { ...result, loss: mul<Scalar>(result.loss, Number.NaN) } : result;
  },
};

const learned = ({ params, carried, optimizer }: LinearState) => bits({ params, carried, optimizer });

describe.each(Object.entries({ adamw, adafactor, lamb }))('a step with %s on a device', (_, make) => {
  const optimizer = make({ learningRate: 0.05, weightDecay: 0.1 });
  const options = { program, optimizer, maximumNorm: 1, lossScaling: true };

  /** What is learned and counted after each step, read once the steps are over. */
  async function run(backendName: string, steps: number) {
    await setBackend(backendName);
    const { params, carried } = program.init(createRng(0));
    const read: unknown[] = [];
    const trainStep = createTrainStep(options);
    let state: LinearState = initTrainState({ params, carried }, optimizer);
    const start = learned(state);
    for (let i = 0; i < steps; i++) {
      const batch = batchOf();
      const outcome = trainStep(state, [batch]);
      release(batch);
      state = outcome.state;
      read.push({ ...(await outcome.read()), counted: [...outcome.counted.dataSync()], learned: learned(state) });
    }
    disposeState(state);
    await setBackend('cpu');
    return { start, read };
  }

  test('learns what it learns where the host looks at every step, and leaves out the same steps', async () => {
    const onHost = await run('cpu', 6);
    const onDevice = await run('some-device', 6);
    expect(onDevice).toEqual(onHost);
    expect(onDevice.read).toMatchObject([0, 1, 2, 3, 4, 5].map((step) => ({ applied: ![0, 3, 4].includes(step) })));
    // The first step is left out: not even the guard, which would have had something to do, has changed anything.
    expect(onDevice.read[0]).toMatchObject({ learned: onDevice.start, skipped: 1, lossScale: 32_768 });
    expect(onDevice.read[5]).toMatchObject({ skipped: 3, skippedInARow: 0, lossScale: 8192 });
  });

  test('reads nothing from it, and holds no more tensors from step to step', async () => {
    await setBackend('some-device');
    const trainStep = createTrainStep(options);
    const batch = batchOf();
    let state: LinearState = initTrainState(program.init(createRng(0)), optimizer);
    const reads = vi.spyOn(Object.getPrototypeOf(batch.x), 'dataSync');
    const alive: number[] = [];
    for (let i = 0; i < 6; i++) {
      state = trainStep(state, [batch]).state;
      alive.push(memory().numTensors);
    }
    expect(reads).not.toHaveBeenCalled();
    reads.mockRestore();
    expect(new Set(alive).size).toBe(1);
    release(batch);
    disposeState(state);
    await setBackend('cpu');
  });
});
