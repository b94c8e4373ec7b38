import { stack, type Tensor, type Tensor3D, type Tensor4D, tidy, unstack } from '@tensorflow/tfjs-core';
import type { Batch } from '@vitrail/data';
import type { OpenedModel } from '@vitrail/pretrained';
import { teacherTokens } from './frozen-teacher.ts';

/** Gives a teacher's tokens for batches. */
export type TargetCache = {
  /** The tokens of a batch, `[B, 1 + N, E]`, the caller's. */
  of(crops: Tensor4D, samples: Batch['samples']): Tensor3D;
  /** Releases what was kept. */
  dispose(): void;
};

/**
 * A teacher's tokens, computed for every batch, or once for every picture and kept on the device.
 *
 * @param options `side` of the student's patch grid; whether tokens are kept by the index of a sample, `4 E (1 + N)` bytes each
 * @example targetCache(teacher, { side: 8, keeps: true }).of(crops, batch.samples).shape // [32, 1 + 64, 96]
 */
export function targetCache(teacher: OpenedModel, { side, keeps }: { side: number; keeps: boolean }): TargetCache {
  const kept = new Map<number, Tensor>();
  return {
    of(crops, samples) {
      if (!keeps) return teacherTokens(teacher, crops, side);
      if (!samples.every(({ index }) => kept.has(index))) {
        const rows = tidy(() => unstack(teacherTokens(teacher, crops, side)));
        for (const [row, { index }] of samples.entries()) {
          if (kept.has(index)) rows[row].dispose();
          else kept.set(index, rows[row]);
        }
      }
      return tidy(() => stack(samples.map(({ index }) => kept.get(index) as Tensor)) as Tensor3D);
    },
    dispose() {
      for (const tensor of kept.values()) tensor.dispose();
      kept.clear();
    },
  };
}
