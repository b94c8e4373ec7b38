import { type Tensor, type Tensor4D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { pictures, tinyMae, tinySimMim } from '../test/tiny-image.ts';
import { imageTower } from './image-tower.ts';
import { type MaeBatch, type MaeParams, mae, type SimMimBatch, type SimMimParams, simmim } from './index.ts';
import { maeDecoder } from './mae-decoder.ts';

/** The pixels of patch `i` of picture `b`, of pictures of 4 x 4 patches of 4 pixels. */
function patchPixels(pixels: ArrayLike<number>, b: number, i: number): number[] {
  const [row, column] = [Math.floor(i / 4), i % 4];
  return Array.from({ length: 48 }, (_, k) => {
    const [y, x] = [4 * row + Math.floor(k / 12), 4 * column + Math.floor((k % 12) / 3)];
    return pixels[((b * 16 + y) * 16 + x) * 3 + (k % 3)];
  });
}

/** The pictures with one pixel of the patch that is the n-th among those of mask `value` made black or white. */
function withPixelChanged(global: Tensor4D, mask: Tensor, value: number): Tensor4D {
  const patch = [...mask.dataSync().subarray(0, 16)].indexOf(value);
  const pixels = global.dataSync().slice();
  const [y, x] = [4 * Math.floor(patch / 4) + 1, 4 * (patch % 4) + 2];
  const at = (y * 16 + x) * 3;
  pixels[at] = pixels[at] > 0.5 ? 0 : 1;
  return tensor4d(pixels, global.shape);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('mae', () => {
  const system = mae.assemble(tinyMae);
  const tower = imageTower(tinyMae, { masks: false });

  it('is the squared error of dropped patches, each normalised by its own pixels', () => {
    tidy(() => {
      const { params } = system.program.init(createRng(7)) as { params: MaeParams };
      const batch = system.prepare(undefined, pictures(tinyMae)) as MaeBatch;
      expect(batch.keep.shape).toEqual([3, 4]);
      const encoded = tower.encode(params.image, batch.global, { keep: batch.keep });
      const decoder = maeDecoder(tower.vit, tinyMae.decoder, 'tips');
      const prediction = decoder.decode(params.heads.decoder, encoded, batch.keep).arraySync();
      const [mask, pixels] = [batch.mask.arraySync(), batch.global.dataSync()];
      const perPicture = mask.map((bits, b) => {
        const errors = bits.flatMap((hidden, i) => {
          if (!hidden) return [];
          const target = patchPixels(pixels, b, i);
          const middle = mean(target);
          const variance = target.reduce((total, x) => total + (x - middle) ** 2, 0) / 47;
          return mean(target.map((x, k) => (prediction[b][i][k] - (x - middle) / Math.sqrt(variance + 1e-6)) ** 2));
        });
        expect(errors.length).toBe(12);
        return mean(errors);
      });
      const { loss } = system.program.loss(params, {}, batch, 0);
      expect(loss.dataSync()[0]).toBeCloseTo(mean(perPicture), 4);
    });
  });

  it('encodes nothing of a dropped patch, and predicts it', () => {
    tidy(() => {
      const { params } = system.program.init(createRng(7)) as { params: MaeParams };
      const batch = system.prepare(undefined, pictures(tinyMae)) as MaeBatch;
      const changed = withPixelChanged(batch.global, batch.mask, 1);
      const encode = (global: Tensor4D) => tower.encode(params.image, global, { keep: batch.keep });
      const lossOf = (global: Tensor4D) => system.program.loss(params, {}, { ...batch, global }, 0).loss.dataSync()[0];
      const [before, after] = [encode(batch.global), encode(changed)];
      expect(after.patches.dataSync()).toEqual(before.patches.dataSync());
      expect(after.cls.dataSync()).toEqual(before.cls.dataSync());
      expect(lossOf(changed)).not.toBe(lossOf(batch.global));
      const kept = withPixelChanged(batch.global, batch.mask, 0);
      expect(encode(kept).patches.dataSync()).not.toEqual(before.patches.dataSync());
    });
  });

  it('decodes a kept patch from its token and a dropped one from the mask token, each at its place', () => {
    tidy(() => {
      // Without blocks: pixels(norm(token + position)).
      const decoder = maeDecoder(tower.vit, { ...tinyMae.decoder, depth: 0 }, 'tips');
      const params = decoder.init(createRng(3));
      const encoded = { cls: sampleTensor([1, 1, 16], 1), patches: sampleTensor([1, 2, 16], 2) };
      const keep = tensor2d([[3, 9]], [1, 2], 'int32');
      const decoded = decoder.decode(params, encoded as Parameters<typeof decoder.decode>[1], keep).arraySync();
      const read = (tensor?: Tensor) => tensor?.arraySync() as number[][];
      const times = (x: readonly number[], kernel: number[][]) =>
        kernel[0].map((_, k) => x.reduce((s, v, j) => s + v * kernel[j][k], 0));
      const token = read(params.maskToken) as unknown as number[];
      const position = (params.position.arraySync() as number[][][]).flat();
      const tokens = (encoded.patches.arraySync() as number[][][])[0].map((x) => times(x, read(params.embed.kernel)));
      decoded[0].forEach((pixels, i) => {
        const which = [3, 9].indexOf(i);
        const x = (which < 0 ? token : tokens[which]).map((value, k) => value + position[i][k]);
        const middle = mean(x);
        const deviation = Math.sqrt(mean(x.map((value) => (value - middle) ** 2)) + 1e-6);
        expectClose(
          pixels,
          times(
            x.map((value) => (value - middle) / deviation),
            read(params.pixels.kernel),
          ),
          1e-4,
        );
      });
    });
  });
});

describe('simmim', () => {
  const system = simmim.assemble(tinySimMim);
  const tower = imageTower(tinySimMim, { masks: true });

  it('is the absolute error of the pixels under squares', () => {
    tidy(() => {
      const { params } = system.program.init(createRng(7)) as { params: SimMimParams };
      const batch = system.prepare(undefined, pictures(tinySimMim)) as SimMimBatch;
      const tokens = tower.encode(params.image, batch.global, { mask: batch.mask }).patches.arraySync();
      const { kernel, bias } = params.heads.pixels;
      const [w, c] = [kernel.arraySync() as number[][], bias?.arraySync() as number[]];
      const [mask, pixels] = [batch.mask.arraySync(), batch.global.dataSync()];
      const perPicture = mask.map((bits, b) => {
        // Two squares of 2 x 2 patches.
        for (const square of [0, 2, 8, 10]) {
          expect(new Set([0, 1, 4, 5].map((offset) => bits[square + offset])).size).toBe(1);
        }
        const errors = bits.flatMap((hidden, i) => {
          if (!hidden) return [];
          const predicted = c.map((offset, k) => tokens[b][i].reduce((total, x, j) => total + x * w[j][k], offset));
          return patchPixels(pixels, b, i).map((x, k) => Math.abs(predicted[k] - x));
        });
        expect(errors.length).toBe(8 * 48);
        return mean(errors);
      });
      expect(system.program.loss(params, {}, batch, 0).loss.dataSync()[0]).toBeCloseTo(mean(perPicture), 4);
    });
  });

  it('sees nothing of a hidden patch', () => {
    tidy(() => {
      const { params } = system.program.init(createRng(7)) as { params: SimMimParams };
      const batch = system.prepare(undefined, pictures(tinySimMim)) as SimMimBatch;
      const encode = (global: Tensor4D) => tower.encode(params.image, global, { mask: batch.mask }).patches.dataSync();
      const before = encode(batch.global);
      expect(encode(withPixelChanged(batch.global, batch.mask, 1))).toEqual(before);
      expect(encode(withPixelChanged(batch.global, batch.mask, 0))).not.toEqual(before);
    });
  });
});
