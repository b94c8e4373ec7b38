import { type Rank, type ShapeMap, type Tensor, tensor } from '@tensorflow/tfjs-core';

/** A tensor of reproducible numbers in about [-1, 1], without structure: `sin(12.9898 i + 78.233 seed) * 43758.5453`, its fraction, scaled. */
export function sampleTensor<R extends Rank>(shape: ShapeMap[R], seed = 1): Tensor<R> {
  const size = (shape as number[]).reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, i) => {
    const wave = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    return 2 * (wave - Math.floor(wave)) - 1;
  });
  return tensor(values, shape, 'float32');
}
