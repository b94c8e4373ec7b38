import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';

/**
 * Fixed positions: `[sin(p w_0), ..., sin(p w_{D/2 - 1}), cos(p w_0), ..., cos(p w_{D/2 - 1})]` for position `p`, with
 * `w_k = 10000^(-k / (D/2 - 1))`. All sines come before all cosines.
 *
 * @param length L, the number of positions, from 0
 * @param width D, even
 * @returns `[L, D]`, the caller's
 * @see "Attention Is All You Need", arXiv 1706.03762, section 3.5, in the form of tensor2tensor and scenic: halves instead of interleaved
 *   pairs, and an exponent that reaches 1
 */
export function sinusoid(length: number, width: number): Tensor2D {
  const half = width / 2;
  const table = new Float32Array(length * width);
  for (let k = 0; k < half; k++) {
    const frequency = Math.exp((-k * Math.log(10000)) / Math.max(half - 1, 1));
    for (let position = 0; position < length; position++) {
      table[position * width + k] = Math.sin(position * frequency);
      table[position * width + half + k] = Math.cos(position * frequency);
    }
  }
  return tensor2d(table, [length, width]);
}
