import type { Rng } from '@vitrail/core';
import type { RgbImage } from '../../sample.ts';
import { randomCropBox } from '../random-crop.ts';
import { requireImage } from '../require-image.ts';
import type { CropBox } from '../resample-crop.ts';
import { resizeImage } from '../resize-image.ts';
import { type Augmentation, requireAugmentation } from './augmentation.ts';
import { type ColorChange, changeColors, drawColorChanges } from './color-jitter.ts';
import { flipImage } from './flip-image.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { grayscale } from './grayscale.ts';
import { solarize } from './solarize.ts';

/** What an {@link Augmentation} has drawn for one view. */
export type DrawnAugmentation = {
  readonly box: CropBox;
  readonly changes: readonly ColorChange[];
  readonly grayscale: boolean;
  /** Deviation of the blur in pixels; absent where there is none. */
  readonly sigma?: number;
  readonly solarize: boolean;
  readonly flip: boolean;
};

/**
 * One view of a picture: cropped and resized, then colours changed, gray, blurred, solarised, mirrored, each as its probability has it and rounded to 8
 * bits, as torchvision's transforms of Pillow's images do it in this order. With the same draws the views are the same to the bit (with Pillow up to
 * version 12; 13 resizes tall crops in another order).
 *
 * A pure function of the picture, the augmentation and the names by which `rng` came about: each step draws from a stream of its own
 * (`rng.fork('crop')`, `'jitter'`, `'grayscale'`, `'blur'`, `'solarize'`, `'flip'`), so that leaving out one does not change the others.
 *
 * @returns a new image of `crop.size` by `crop.size` pixels
 * @throws `invalid-argument` for an augmentation that cannot be met; `corrupt-data` for an image without pixels.
 * @see torchvision, transforms/transforms.py: RandomResizedCrop, ColorJitter, RandomGrayscale, RandomApply, RandomSolarize, RandomHorizontalFlip
 * @example augment(image, clipRocketStrong(224), createRng(0).fork('strong', 0)).data.length // 224 * 224 * 3
 */
export function augment(image: RgbImage, augmentation: Augmentation, rng: Rng): RgbImage {
  requireAugmentation(augmentation, 'augmentation');
  requireImage(image);
  return applyAugmentation(image, augmentation.crop, drawAugmentation(image, augmentation, rng));
}

/** The random part of {@link augment}, for an image of this size. */
export function drawAugmentation(
  size: { readonly width: number; readonly height: number },
  { crop, jitter, grayscale = 0, blur, solarize = 0, flip = 0 }: Augmentation,
  rng: Rng,
): DrawnAugmentation {
  const happens = (probability: number, stream: Rng) => stream.uniform() < probability;
  const [jitterStream, blurStream] = [rng.fork('jitter'), rng.fork('blur')];
  return {
    box: randomCropBox(size, crop, rng.fork('crop')),
    changes: jitter && happens(jitter.probability, jitterStream) ? drawColorChanges(jitter, jitterStream) : [],
    grayscale: happens(grayscale, rng.fork('grayscale')),
    ...(blur && happens(blur.probability, blurStream) && { sigma: blurStream.uniform(...blur.sigma) }),
    solarize: happens(solarize, rng.fork('solarize')),
    flip: happens(flip, rng.fork('flip')),
  };
}

/** The rest of {@link augment}. */
export function applyAugmentation(image: RgbImage, { size, filter }: Augmentation['crop'], drawn: DrawnAugmentation): RgbImage {
  let view = resizeImage(cutOut(image, drawn.box), { width: size, height: size, filter });
  view = changeColors(view, drawn.changes);
  if (drawn.grayscale) view = grayscale(view);
  if (drawn.sigma !== undefined) view = gaussianBlur(view, drawn.sigma);
  if (drawn.solarize) view = solarize(view);
  if (drawn.flip) view = flipImage(view);
  return view;
}

function cutOut(image: RgbImage, { left, top, width, height }: CropBox): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}
