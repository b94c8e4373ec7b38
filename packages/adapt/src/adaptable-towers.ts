import { type Rank, reshape, slice, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { ParameterShapes, TensorTree } from '@vitrail/core';
import {
  applyClipText,
  applyText,
  type ClipTextConfig,
  type ClipTextParams,
  clipTextShapes,
  type TextConfig,
  type TextInputs,
  type TextParams,
  textShapes,
} from '@vitrail/text';
import {
  applyClipVit,
  applyVit,
  type ClipVitConfig,
  type ClipVitParams,
  clipVitShapes,
  type EmbeddingHooks,
  type VitConfig,
  type VitParams,
  vitShapes,
} from '@vitrail/vit';
import { promptClipText } from './prompt-clip-text.ts';
import { promptImage } from './prompt-image.ts';
import { promptText } from './prompt-text.ts';

/** A tower whose embeddings can be reached, as a function of its parameters. */
export type AdaptableTower<Inputs> = {
  /** d, the length of a token embedding. */
  readonly width: number;
  /** The shape of every parameter. */
  readonly shapes: ParameterShapes;
  /** `[B, E]`, in the space that images and texts share, not normalised; the caller's. */
  encode(params: TensorTree, inputs: Inputs, onEmbeddings?: EmbeddingHooks): Tensor2D;
  /** The inputs that leave room for prompts `[P, d]`, and the hooks that put them there; for the inside of a `tidy`. */
  prompted(prompts: Tensor2D, inputs: Inputs): { readonly inputs: Inputs; readonly onEmbeddings: EmbeddingHooks };
};

/** The two towers of a model that adapters know how to reach. */
export type AdaptableTowers = {
  /** Of images `[B, H, W, 3]`. */
  readonly image: AdaptableTower<Tensor4D>;
  readonly text: AdaptableTower<TextInputs>;
};

/** The parameters of both towers, each under its name. */
export type TowerParams = { readonly image: TensorTree; readonly text: TensorTree };

/**
 * The towers of TIPS and TIPSv2. A picture is its last CLS token, the one that is trained with descriptions.
 *
 * @example adaptableTips({ vit, text }).image.encode(params.image, zeros([2, 64, 64, 3])).shape // [2, 96]
 */
export function adaptableTips({ vit, text }: { readonly vit: VitConfig; readonly text: TextConfig }): AdaptableTowers {
  const { clsTokens, width } = vit;
  return {
    image: {
      width,
      shapes: vitShapes(vit),
      encode: (params, images, onEmbeddings) =>
        tidy(() => {
          const { cls } = applyVit(vit, params as VitParams, images, { onEmbeddings });
          const [batch] = cls.shape;
          return reshape<Rank.R2>(slice(cls, [0, clsTokens - 1, 0], [batch, 1, width]), [batch, width]);
        }),
      prompted: (prompts, inputs) => ({ inputs, onEmbeddings: promptImage(prompts, { clsTokens }) }),
    },
    text: {
      width: text.width,
      shapes: textShapes(text),
      encode: (params, inputs, onEmbeddings) =>
        tidy(() => applyText(text, params as TextParams, inputs, { onEmbeddings }).pooled),
      prompted: (prompts, inputs) => promptText(text, prompts, inputs),
    },
  };
}

/**
 * The towers of CLIP.
 *
 * @example adaptableClip({ image, text }).text.encode(params.text, { ids, padding }).shape // [2, 512]
 */
export function adaptableClip({
  image,
  text,
}: {
  readonly image: ClipVitConfig;
  readonly text: ClipTextConfig;
}): AdaptableTowers {
  return {
    image: {
      width: image.width,
      shapes: clipVitShapes(image),
      encode: (params, images, onEmbeddings) =>
        tidy(() => applyClipVit(image, params as ClipVitParams, images, { onEmbeddings }).pooled),
      prompted: (prompts, inputs) => ({ inputs, onEmbeddings: promptImage(prompts) }),
    },
    text: {
      width: text.width,
      shapes: clipTextShapes(text),
      encode: (params, { ids }, onEmbeddings) =>
        tidy(() => applyClipText(text, params as ClipTextParams, ids, { onEmbeddings }).pooled),
      prompted(prompts, { ids, padding }) {
        const prompted = promptClipText(text, prompts, ids);
        return { inputs: { ids: prompted.ids, padding }, onEmbeddings: prompted.onEmbeddings };
      },
    },
  };
}
