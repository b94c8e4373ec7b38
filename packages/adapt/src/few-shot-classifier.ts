import {
  clone,
  concat,
  mean,
  mul,
  type Rank,
  reshape,
  slice,
  type Tensor2D,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { filled, initParameters, linearShapes, type ParameterShapes, type Rng, type TensorTree } from '@vitrail/core';
import { type LinearParams, l2Normalize } from '@vitrail/ops';
import type { TextInputs } from '@vitrail/text';
import type { AdaptableTowers, TowerParams } from './adaptable-towers.ts';
import type { Adapter } from './adapter.ts';

/** The classes of a zero-shot classifier. */
export type ClassPrompts = {
  /** Every class in every template: `[C K, L]`, the K prompts of a class side by side. */
  readonly inputs: TextInputs;
  /** C. */
  readonly classes: number;
  /** What cosines are multiplied by: 1 over the temperature, frozen. */
  readonly scale: number;
};

/**
 * A classifier over two towers, of which something may be trained: logits `[B, C]` are `linear(features(own, images), head(own))`.
 *
 * What does not depend on `own` can be computed once.
 */
export type FewShotClassifier = {
  /** The shape of every parameter that is trained. */
  readonly shapes: ParameterShapes;
  /** Whether features depend on what is trained. */
  readonly trainsFeatures: boolean;
  /** Whether the head does. */
  readonly trainsHead: boolean;
  /** Fresh parameters, the caller's. */
  init(rng: Rng): TensorTree;
  /** Unit features of images `[B, H, W, 3]`, `[B, E]`; the caller's. */
  features(own: TensorTree, images: Tensor4D): Tensor2D;
  /** `kernel` `[E, C]` and, of a linear probe, `bias` `[C]`; the caller's. */
  head(own: TensorTree): LinearParams;
};

/**
 * The zero-shot classifier of a model: `s cos(picture, class)`, a class being the mean over its prompts, `normalize(mean_k normalize(t_k))`.
 *
 * @param base stays the caller's, like the prompts
 * @see Radford et al. 2021 (CLIP), section 3.1.4
 * @example linear(classifier.features({}, images), classifier.head({})).shape // [2, 10]
 */
export function zeroShotClassifier(towers: AdaptableTowers, base: TowerParams, prompts: ClassPrompts): FewShotClassifier {
  return {
    shapes: {},
    trainsFeatures: false,
    trainsHead: false,
    init: () => ({}),
    features: (_, images) => tidy(() => l2Normalize(towers.image.encode(base.image, images)) as Tensor2D),
    head: () => tidy(() => headOfTexts((inputs) => towers.text.encode(base.text, inputs), prompts)),
  };
}

/**
 * The zero-shot classifier of a model with an adapter: pictures, prompts of classes, or both go through it. The temperature stays.
 *
 * @example adaptedClassifier(adapter, base, prompts).head(own).kernel.shape // [96, 10]
 */
export function adaptedClassifier(adapter: Adapter, base: TowerParams, prompts: ClassPrompts): FewShotClassifier {
  return {
    shapes: adapter.shapes,
    trainsFeatures: adapter.modalities.includes('image'),
    trainsHead: adapter.modalities.includes('text'),
    init: (rng) => adapter.init(base, rng),
    features: (own, images) => tidy(() => l2Normalize(adapter.encodeImages(base, own, images)) as Tensor2D),
    head: (own) => tidy(() => headOfTexts((inputs) => adapter.encodeTexts(base, own, inputs), prompts)),
  };
}

/**
 * A linear head on the frozen features of pictures: `s u W + b` of unit features u, with `head.kernel` W `[E, C]` and `head.bias` b `[C]`
 * from zeros. The factor s lets its rates be those of the other methods.
 *
 * @param frozen the model's own classifier, whose features are taken
 * @example linearProbe(zeroShot, { embedding: 96, classes: 10, scale: 20 }).shapes // { head: { kernel: [96, 10], bias: [10] } }
 */
export function linearProbe(
  frozen: FewShotClassifier,
  { embedding, classes, scale }: { readonly embedding: number; readonly classes: number; readonly scale: number },
): FewShotClassifier {
  const shapes = { head: linearShapes(embedding, classes) };
  return {
    shapes,
    trainsFeatures: false,
    trainsHead: true,
    init: (rng) => initParameters(shapes, rng, [['**', filled(0)]]),
    features: (_, images) => frozen.features({}, images),
    head(own) {
      const { kernel, bias } = own.head as LinearParams;
      return tidy(() => ({ kernel: mul(kernel, scale), ...(bias && { bias: clone(bias) }) }));
    },
  };
}

/** Prompts that are encoded at a time: all of many classes at once would need much memory. */
const atOnce = 256;

function headOfTexts(encode: (inputs: TextInputs) => Tensor2D, { inputs, classes, scale }: ClassPrompts): { kernel: Tensor2D } {
  const [rows, length] = inputs.ids.shape;
  const parts: Tensor2D[] = [];
  for (let first = 0; first < rows; first += atOnce) {
    const some = (x: Tensor2D): Tensor2D => slice(x, [first, 0], [Math.min(atOnce, rows - first), length]);
    parts.push(encode({ ids: some(inputs.ids), padding: some(inputs.padding) }));
  }
  const texts = concat(parts, 0); // [C K, E]
  const units = reshape<Rank.R3>(l2Normalize(texts), [classes, rows / classes, texts.shape[1]]);
  return { kernel: mul(transpose(l2Normalize(mean(units, 1))), scale) }; // [E, C]
}
