import type { Augmentation } from './augmentation.ts';

const squareish = [3 / 4, 4 / 3] as const;

/**
 * The weak view of CLIP-Rocket: at least half of the picture, colours as they are, never mirrored. The global crop of a `ViewSpec` with
 * `globalScale: [0.5, 1]` and `flip: 0` is the same but for its rounding.
 *
 * @param size side of the view in pixels; 224 in the paper, as of the others below
 * @see "Improved baselines for vision-language pre-training", TMLR 2023, arXiv 2305.08675; facebookresearch/clip-rocket, datasets.py
 */
export function clipRocketWeak(size: number): Augmentation {
  return { crop: { size, scale: [0.5, 1], aspect: squareish, filter: 'bicubic' } };
}

/** The strong views of CLIP-Rocket: small crops, other colours, gray, blur, mirrored. `size` is 192 for its 29 million pictures. */
export function clipRocketStrong(size: number): Augmentation {
  return {
    crop: { size, scale: [0.08, 1], aspect: squareish, filter: 'bicubic' },
    jitter: { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    grayscale: 0.2,
    blur: { probability: 0.5, sigma: [0.1, 2] },
    flip: 0.5,
  };
}

/**
 * The two views of BYOL, one always blurred, the other seldom and sometimes solarised, as CLIP-Rocket's `--byol-augment` has them.
 *
 * @see "Bootstrap your own latent", NeurIPS 2020, arXiv 2006.07733, appendix B
 */
export function byolViews(size: number): readonly [Augmentation, Augmentation] {
  const strong = clipRocketStrong(size);
  const jitter = { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 };
  return [
    { ...strong, jitter, blur: { probability: 1, sigma: [0.1, 2] } },
    { ...strong, jitter, blur: { probability: 0.1, sigma: [0.1, 2] }, solarize: 0.2 },
  ];
}

/**
 * The view that EVA-02 is pretrained on, which UTA takes over here (its paper does not say).
 *
 * @see baaivision/EVA, EVA-02/asuka
 */
export function evaView(size: number): Augmentation {
  return { crop: { size, scale: [0.2, 1], aspect: squareish, filter: 'bicubic' }, flip: 0.5 };
}

/**
 * The view of open_clip and EVA-CLIP: nearly all of the picture, never mirrored.
 *
 * @see mlfoundations/open_clip, transform.py; baaivision/EVA, EVA-CLIP/rei
 */
export function openClipView(size: number): Augmentation {
  return { crop: { size, scale: [0.9, 1], aspect: squareish, filter: 'bicubic' } };
}
