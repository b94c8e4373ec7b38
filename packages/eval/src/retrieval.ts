import type { Tensor2D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { cosineRows, rankOf } from './cosine-rows.ts';
import { finiteValues, requireLabels, requireShape } from './require-input.ts';

/** Share of queries that find what is theirs among the first 1, 5 and 10; in [0, 1]. */
export type Recall = { 'R@1': number; 'R@5': number; 'R@10': number };

/** What {@link retrieval} takes. */
export type RetrievalOptions = {
  /** `[n, D]`, any length; the caller's. */
  images: Tensor2D;
  /** `[m, D]`, any length; the caller's. */
  texts: Tensor2D;
  /** `[m]`: the row of `images` that each text belongs to. Every image has at least one text. */
  owner: ArrayLike<number>;
};

/**
 * Recall at 1, 5 and 10 of captions for images and of images for captions, by cosine.
 *
 * A candidate's rank is the number of strictly larger scores plus that of equal scores with a lower index, so that a model that gives the
 * same vector for everything scores `1 / n` and not 1. Image to text counts an image when *any* of its captions is in the top k; text to
 * image counts a caption when its image is. With fewer candidates than k the recall is 1.
 *
 * @returns both directions ("text retrieval" is `imageToText`, "image retrieval" is `textToImage`)
 * @throws `shape-mismatch`, `missing-data` (nothing to search, or an image without a text), `non-finite`, `invalid-argument` (an owner that is
 *   no image)
 * @see Karpathy, Li 2015, section 4.2; `image_text_retrieval.py` of big_vision
 * @example (await retrieval({ images, texts, owner: [0, 0, 1, 1] })).imageToText['R@1'] // 0.5
 */
export async function retrieval({
  images,
  texts,
  owner,
}: RetrievalOptions): Promise<{ imageToText: Recall; textToImage: Recall }> {
  requireShape('retrieval', 'images', images, ['n', 'D']);
  const [imageCount, width] = images.shape;
  requireShape('retrieval', 'texts', texts, ['m', width]);
  requireLabels('retrieval', 'owner', owner, { length: texts.shape[0], classCount: imageCount });
  const captions = Array.from({ length: imageCount }, (): number[] => []);
  Array.from(owner).forEach((image, text) => {
    captions[image].push(text);
  });
  const without = captions.findIndex((own) => own.length === 0);
  if (without >= 0) {
    throw new VitrailError(
      'missing-data',
      `retrieval: every image has a text, but none of owner is image ${without}; leave it out`,
    );
  }
  await finiteValues('retrieval', { images, texts });

  const imageRanks: number[] = [];
  await cosineRows(images, texts, (image, scores) => {
    const own = captions[image];
    const nearest = own.reduce((best, text) => (scores[text] > scores[best] ? text : best));
    imageRanks.push(rankOf(nearest, scores));
  });
  const textRanks: number[] = [];
  await cosineRows(texts, images, (text, scores) => {
    textRanks.push(rankOf(owner[text], scores));
  });
  return { imageToText: recall(imageRanks), textToImage: recall(textRanks) };
}

function recall(ranks: readonly number[]): Recall {
  const at = (k: number) => ranks.filter((rank) => rank < k).length / ranks.length;
  return { 'R@1': at(1), 'R@5': at(5), 'R@10': at(10) };
}
