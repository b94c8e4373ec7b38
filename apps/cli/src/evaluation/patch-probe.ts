import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { LabelMap } from '@vitrail/data';
import { patchLabels, patchLinearProbe } from '@vitrail/eval';
import type { EvaluationResult } from './tasks.ts';

/** Most patches that are kept for fitting, and most for testing. */
const mostPatches = 20_000;

/** Collects patch features and their classes from pictures, and measures how well a linear map tells the classes apart. */
export class PatchProbe {
  readonly #classCount: number;
  readonly #halves = {
    validation: { features: [] as Float32Array[], labels: [] as number[] },
    test: { features: [] as Float32Array[], labels: [] as number[] },
  };
  #width = 0;

  constructor(classCount: number) {
    this.#classCount = classCount;
  }

  /** Adds the patches of picture `index` of `[n, rows, columns, D]` to the half that is fitted on (`validation`) or the one that is scored. */
  add(half: 'validation' | 'test', patches: Tensor4D, index: number, labels: LabelMap): void {
    const { features, labels: known } = this.#halves[half];
    if (known.length >= mostPatches) return;
    const [, rows, columns, width] = patches.shape;
    this.#width = width;
    const size = rows * columns * width;
    features.push(patches.dataSync<'float32'>().slice(index * size, (index + 1) * size));
    known.push(...patchLabels(labels, rows, columns));
  }
}
