import type { Tensor2D } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';

/** Views of the images and texts of a batch, `[B, D]` each: A of either. Any image view goes with any text view. */
export type ViewPairs = { readonly images: readonly Tensor2D[]; readonly texts: readonly Tensor2D[] };

/**
 * What CLIP-Rocket makes of a batch: one weakly augmented view of each image and its text, and A strongly augmented views of each, which go
 * through projectors of their own.
 */
export type CrossModalViews = {
  readonly weak: { readonly images: Tensor2D; readonly texts: Tensor2D };
  readonly strong: ViewPairs;
};

/** Every image view with every text view: A^2 pairs. */
export function everyPair({ images, texts }: ViewPairs): [image: Tensor2D, text: Tensor2D][] {
  return images.flatMap((image) => texts.map((text): [Tensor2D, Tensor2D] => [image, text]));
}

/** Throws unless weak views are `[B, D]` with B at least 1, and the strong ones, equally many of images and texts, `[B, E]` each. */
export function requireViews(what: string, { weak, strong }: CrossModalViews): void {
  requireShape(what, 'weak.images', weak.images, ['B', 'D']);
  requireShape(what, 'weak.texts', weak.texts, weak.images.shape);
  const [batch] = weak.images.shape;
  if (batch === 0) throw new VitrailError('invalid-argument', `${what}: a batch holds at least one pair, but an empty one came`);
  requireStrongViews(what, strong, batch);
}

/** Throws unless there are equally many views of images and texts, all of one shape `[batch, E]`. */
export function requireStrongViews(what: string, { images, texts }: ViewPairs, batch: number): void {
  if (images.length !== texts.length) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: there are as many strong views of images as of texts, but ${images.length} and ${texts.length} came`,
    );
  }
  for (const [name, views] of Object.entries({ images, texts })) {
    for (const view of views) requireShape(what, `strong.${name}`, view, [batch, images[0].shape[1] ?? 'E']);
  }
}
