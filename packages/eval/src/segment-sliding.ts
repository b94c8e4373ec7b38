import {
  add,
  div,
  expandDims,
  pad,
  slice,
  softmax,
  squeeze,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor3d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { resizeBilinear } from '@vitrail/ops';
import { largestAtPixels } from './largest-at-pixels.ts';
import { finiteValues, requireCount, requireShape } from './require-input.ts';
import { textCosines } from './text-cosines.ts';

/** What {@link segmentSliding} takes. */
export type SlidingOptions = {
  /** `[1, h, w, 3]`, as `encode` takes pixels, at the scale the windows see (TCL: shorter side 448, bicubic). The caller's. */
  picture: Tensor4D;
  /** A window `[1, window, window, 3]` to its patches `[1, rows, columns, D]`. Runs inside a tidy, so it reads no values; what it returns is disposed here. */
  encode: (pixels: Tensor4D) => Tensor4D;
  /** `[C, D]`, C at most 256; the caller's. They are normalised again. */
  classes: Tensor2D;
  /** `[height, width]` of the label map in pixels. */
  size: readonly [height: number, width: number];
  /** Side of a window in pixels. */
  window?: number;
  /** Pixels from one window to the next, at most `window`: every pixel is seen. */
  stride?: number;
};

/**
 * The nearest class of every pixel, looking at a picture through overlapping windows (the TCL protocol).
 *
 * In each window: cosines of patches and classes, enlarged to the window, `softmax` over the classes of the raw cosines (no temperature).
 * Sums over windows are divided by how many saw each pixel, enlarged to `size`, and the largest is taken. Windows start at `k * stride`; the
 * last moves back to end at the border. Along a side shorter than `window` there is one window, as long as the side.
 *
 * @returns `[height * width]`, row-major class indices
 * @throws `shape-mismatch`, `missing-data` (an empty axis), `non-finite`, `invalid-argument` (a window, stride or size that is none)
 * @see Cha et al. 2023 (TCL), section 4.1; `predict_slide` of the zero-shot segmentation notebook of TIPSv2
 * @example (await segmentSliding({ picture: ones([1, 448, 600, 3]), encode, classes, size: [300, 402] })).length // 120600
 */
export async function segmentSliding({
  picture,
  encode,
  classes,
  size,
  window = 448,
  stride = 336,
}: SlidingOptions): Promise<Uint8Array> {
  requireCount('segmentSliding', 'window', window);
  requireCount('segmentSliding', 'stride', stride);
  if (stride > window) {
    throw new VitrailError('invalid-argument', `segmentSliding: stride is at most the window, ${window}, but ${stride} came`);
  }
  requireShape('segmentSliding', 'picture', picture, [1, 'h', 'w', 3]);
  requireShape('segmentSliding', 'classes', classes, ['C', 'D']);
  await finiteValues('segmentSliding', { picture, classes });
  const [, height, width] = picture.shape;
  const [windowHeight, windowWidth] = [Math.min(window, height), Math.min(window, width)];
  const seen = new Float32Array(height * width);

  let total: Tensor3D = zeros([height, width, classes.shape[0]]);
  try {
    for (const top of windowStarts(height, windowHeight, stride)) {
      for (const left of windowStarts(width, windowWidth, stride)) {
        const patches = tidy(() => encode(slice(picture, [0, top, left, 0], [1, windowHeight, windowWidth, 3])));
        try {
          const previous = total;
          total = tidy(() => {
            const cosines = expandDims<Tensor4D>(textCosines('segmentSliding', patches, classes), 0);
            const shares = softmax(squeeze<Tensor3D>(resizeBilinear(cosines, [windowHeight, windowWidth]), [0])); // [h, w, C]
            const around: [number, number][] = [
              [top, height - top - windowHeight],
              [left, width - left - windowWidth],
              [0, 0],
            ];
            return add(previous, pad(shares, around));
          });
          previous.dispose();
          await finiteValues('segmentSliding', { patches });
        } finally {
          patches.dispose();
        }
        for (let y = top; y < top + windowHeight; y++) {
          for (let x = left; x < left + windowWidth; x++) seen[y * width + x]++;
        }
      }
    }
    const average = tidy(() => div<Tensor3D>(total, tensor3d(seen, [height, width, 1])));
    try {
      return await largestAtPixels('segmentSliding', average, size);
    } finally {
      average.dispose();
    }
  } finally {
    total.dispose();
  }
}

/** `k * stride` while a window fits, and the last one that ends at the border. */
function windowStarts(length: number, window: number, stride: number): number[] {
  const count = Math.ceil((length - window) / stride) + 1;
  return Array.from({ length: count }, (_, k) => Math.min(k * stride, length - window));
}
