import type { CropRounding } from './image-preparation.ts';
import { roundHalfEven } from './round-half-even.ts';

/**
 * Where the central `crop` of `length` positions begins; negative where there are fewer than `crop`: so many are then missing before the first.
 *
 * @see torchvision, transforms/functional.py (center_crop): `round((length - crop) / 2)`, padding `(crop - length) // 2` before; transformers,
 *   image_processing_backends.py (TorchvisionBackend.center_crop): `int((length - crop) / 2)`, the same padding
 */
export function centreOffset(length: number, crop: number, rounding: CropRounding): number {
  if (crop > length) return Math.ceil((length - crop) / 2);
  const half = (length - crop) / 2;
  return rounding === 'half-even' ? roundHalfEven(half) : Math.floor(half);
}
