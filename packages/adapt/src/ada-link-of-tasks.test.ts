import { concat, type Rank, slice, type Tensor, type Tensor2D, type Tensor3D, tidy, zeros } from '@tensorflow/tfjs-core';
import { createRng, disposeTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { moved } from '../test/small-towers.ts';
import { type AdaLinkConfig, adaLink, initAdaLink } from './ada-link.ts';
import { adaLinkOfTasks } from './ada-link-of-tasks.ts';

const config: AdaLinkConfig = { widths: { image: 6, text: 4 }, rank: 2, scale: 0.5 };

/** Three tasks, of which one has nothing for images. */
function threeTasks() {
  const tuned = (seed: number) => moved(initAdaLink(config, createRng(0)), seed);
  const { image, ...rest } = tuned(30).adalink;
  disposeTree({ image });
  return { birds: tuned(10), cars: tuned(20), poems: { adalink: rest } };
}

onBackend(['cpu', 'wasm'], () => {
  it.each([undefined, 'gelu', 'relu'] as const)(
    'gives each sample what its task alone gives, with activation %s',
    (activation) => {
      tidy(() => {
        const tasks = threeTasks();
        const own = { ...config, activation };
        const ids = ['cars', 'poems', 'birds', 'cars'] as const;
        const x = sampleTensor<Rank.R3>([4, 3, 6]);
        const together = adaLinkOfTasks(own, tasks, 'image', ids)(x);
        const alone = ids.map((id, b) => adaLink(own, tasks[id], 'image')(slice(x, [b, 0, 0], [1, 3, 6]) as Tensor3D));
        expectClose(together, concat(alone), 1e-6);
        // A task without a module for images leaves its own as they are.
        expect(slice(together, [1, 0, 0], [1, 3, 6]).dataSync()).toEqual(slice(x, [1, 0, 0], [1, 3, 6]).dataSync());
        expect(adaLinkOfTasks(own, tasks, 'image', ['poems'])(alone[0]).dataSync()).toEqual(alone[0].dataSync());
      });
    },
  );

  it('sums gradients into the modules of the tasks that are in the batch', () => {
    tidy(() => {
      const apply = (x: Tensor, down: Tensor, up: Tensor) => {
        const cars = { adalink: { image: { down: down as Tensor2D, up: up as Tensor2D } } };
        return adaLinkOfTasks({ ...config, activation: 'gelu' }, { ...threeTasks(), cars }, 'image', ['cars', 'birds', 'cars'])(
          x as Tensor3D,
        );
      };
      expectGradient(apply, [sampleTensor([3, 2, 6], 1), sampleTensor([6, 2], 2), sampleTensor([2, 6], 3)]);
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [tasks, x] = [threeTasks(), sampleTensor<Rank.R3>([2, 3, 6])];
      expectNoLeak(() => [adaLinkOfTasks(config, tasks, 'image', ['birds', 'poems'])(x)]);
      expect(x.isDisposed).toBe(false);
    });
  });
});

it('says which task there is not, and counts samples', () => {
  tidy(() => {
    const tasks = threeTasks();
    expect(() => adaLinkOfTasks(config, tasks, 'image', ['bird'])).toThrow(
      'there is no task "bird"; did you mean "birds"? There are: birds, cars, poems',
    );
    expect(() => adaLinkOfTasks(config, tasks, 'sound', ['cars'])).toThrow('there is no modality "sound"');
    expect(() => adaLinkOfTasks(config, tasks, 'image', ['cars', 'birds'])(zeros([3, 2, 6]))).toThrow(
      'one task per sample, 2 names for [B, L, d], but embeddings of [3, 2, 6] came',
    );
  });
});
