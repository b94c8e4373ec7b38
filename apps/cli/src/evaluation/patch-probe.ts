import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import type { LabelMap } from '@vitrail/data';
import { patchLabels, patchLinearProbe } from '@vitrail/eval';
import type { EvaluationResult } from './evaluation-result.ts';

/** Pictures that are fitted on, and those that are scored. */
type Half = 'validation' | 'test';

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

  /**
   * Adds the patches of one picture, `[rows, columns, D]`, to the half that is fitted on (`validation`) or the one that is scored.
   *
   * @param patches not to be changed afterwards
   */
  add(half: Half, patches: Float32Array, [rows, columns]: readonly [number, number], labels: LabelMap): void {
    const { features, labels: known } = this.#halves[half];
    if (known.length >= mostPatches) return;
    this.#width = patches.length / (rows * columns);
    features.push(patches);
    known.push(...patchLabels(labels, rows, columns));
  }

  /** Fits on the validation half, scores the test half; whole patches, each with its commonest class. */
  async scores(): Promise<EvaluationResult> {
    const { validation, test } = this.#halves;
    const train = this.#tensor('validation');
    const scored = this.#tensor('test');
    try {
      const { mIoU, pixelAccuracy } = await patchLinearProbe({
        train,
        trainLabels: validation.labels,
        test: scored,
        testLabels: test.labels,
        classCount: this.#classCount,
      });
      return { mIoU, pixelAccuracy };
    } finally {
      train.dispose();
      scored.dispose();
    }
  }

  /** The patches of one half, `[n, D]`. */
  #tensor(half: Half): Tensor2D {
    const { features, labels } = this.#halves[half];
    const values = new Float32Array(labels.length * this.#width);
    let filled = 0;
    for (const picture of features) {
      values.set(picture, filled);
      filled += picture.length;
    }
    return tensor2d(values, [labels.length, this.#width]);
  }
}
