import { type ImagePreparation, pixelStatistics } from './image-preparation.ts';

/**
 * How TIPS and TIPSv2 want pictures: the whole picture as a square of `size` pixels, bilinear, values in `[0, 1]`.
 *
 * @param size 448 for TIPSv2 and most of TIPS, 224 for its low-resolution models
 * @see google-deepmind/tips, scenic/run_tips_inference.py, which does not round to 8 bits after resizing; pytorch/run_image_encoder_inference.py does
 *   (`{ ...tipsPreparation(448), arithmetic: '8-bit' }`), and transformers' Tipsv2ImageProcessor
 */
export function tipsPreparation(size: number): ImagePreparation {
  return { resize: { kind: 'square', size }, filter: 'bilinear', arithmetic: 'float', ...pixelStatistics.none };
}
