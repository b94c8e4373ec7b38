import { dispose, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import type { Model } from '@vitrail/pretrained';

/** CLS tokens of pictures, collected chunk by chunk on the host. */
export class ClsFeatures {
  /** CLS tokens per picture. */
  tokens = 1;
  #width = 0;
  readonly #chunks: Float32Array[] = [];

  /** Encodes `count` pictures and keeps their CLS tokens. */
  async add(model: Model, pixels: Float32Array, count: number): Promise<void> {
    const { cls, patches } = model.encodeImages(pixels, count, 'tokens');
    [, this.tokens, this.#width] = cls.shape;
    try {
      this.#chunks.push(await cls.data<'float32'>());
    } finally {
      dispose({ cls, patches });
    }
  }

  /** CLS token `token` of every picture, or of those whose index `selects`, `[n, D]`. The caller disposes it. */
  tensor(token: number, selects: (index: number) => boolean = () => true): Tensor2D {
    const stride = this.tokens * this.#width;
    const rows = this.#chunks
      .flatMap((chunk) =>
        Array.from({ length: chunk.length / stride }, (_, i) => {
          const start = i * stride + token * this.#width;
          return chunk.subarray(start, start + this.#width);
        }),
      )
      .filter((_, index) => selects(index));
    const values = new Float32Array(rows.length * this.#width);
    rows.forEach((row, i) => {
      values.set(row, i * this.#width);
    });
    return tensor2d(values, [rows.length, this.#width]);
  }
}
