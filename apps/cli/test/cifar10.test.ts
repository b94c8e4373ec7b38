import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readJson } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

/** A folder with CIFAR-10 as WebDataset shards: `train-*.tar`, `test-*.tar`, `classes.json`. */
const shards = process.env.VITRAIL_CIFAR10 ?? fileURLToPath(new URL('../../../../shared/data/cifar10', import.meta.url));
const folder = scratchFolder();

describe.skipIf(!existsSync(join(shards, 'classes.json')))(
  'CIFAR-10 (skipped where VITRAIL_CIFAR10 names no folder of its shards)',
  () => {
    it('mosaics of photographs are trained on and measured in every way', async () => {
      const out = join(folder, 'run');
      const [data, evaluate] = ['train', 'test'].map((split) => `mosaic:${join(shards, `${split}-*.tar`)}?grid=2`);
      const { status, stderr } = await vitrail(
        ...tinyPretrain(out, { data, set: [`data.evaluate=${evaluate}`] }),
        '--backend',
        'wasm',
      );
      expect(status, stderr).toBe(0);
      expect(readJson(out, 'config.json').samples).toEqual({ train: 20_000, evaluation: 2000 });
      expect(readJson(out, 'summary.json')).toMatchObject({
        badSamples: 0,
        eval: {
          zeroShotSegmentation: { mIoU: expect.any(Number) },
          patchLinearProbe: { mIoU: expect.any(Number) },
          zeroShotClassification: { top1: expect.any(Number), chance: { top1: 0.1 } },
          knn: { top1: expect.any(Number) },
          retrieval: { candidates: 16 },
        },
      });
    });

    it('without captions or mosaics it is nothing to train on, and the way out is named', async () => {
      const { status, stderr } = await vitrail(...tinyPretrain(join(folder, 'plain'), { data: join(shards, 'train-*.tar') }));
      expect(status).toBe(1);
      expect(stderr).toContain("--data 'mosaic:SHARDS?grid=1' makes captions");
    });
  },
);
