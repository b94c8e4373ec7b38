import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { CrossModalViews } from '@vitrail/losses';

/** What `transform` makes of every view of a batch, one call each: `[B, D]` of one modality to `[B, E]`. */
export function mapViews(
  { weak, strong }: CrossModalViews,
  transform: (view: Tensor2D, modality: 'image' | 'text') => Tensor2D,
): CrossModalViews {
  return {
    weak: { images: transform(weak.images, 'image'), texts: transform(weak.texts, 'text') },
    strong: {
      images: strong.images.map((view) => transform(view, 'image')),
      texts: strong.texts.map((view) => transform(view, 'text')),
    },
  };
}
