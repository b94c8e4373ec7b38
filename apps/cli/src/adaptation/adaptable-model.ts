import type { Tensor } from '@tensorflow/tfjs-core';
import { type AdaptableTowers, adaptableClip, adaptableTips, type TowerParams } from '@vitrail/adapt';
import { VitrailError } from '@vitrail/core';
import { type ClipTowers, clip, type OpenedModel, openClip } from '@vitrail/pretrained';
import type { TextConfig, Tokenizer } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import { weightsDigest } from '../weights-digest.ts';

/** A pretrained model as adapters take it. Its tensors stay those of the model. */
export type AdaptableModel = {
  readonly towers: AdaptableTowers;
  readonly base: TowerParams;
  readonly tokenizer: Tokenizer;
  /** What cosines are multiplied by: 1 over the temperature it was trained to. */
  readonly scale: number;
  /** E, the length of the vectors that pictures and texts share. */
  readonly embedding: number;
  /** Of all weights of both towers: what tells this model from another of its size. */
  readonly sha256: string;
};

/** The scale that CLIP starts with, for weights without a temperature that is read. */
const usualScale = 1 / 0.07;

/**
 * The towers of a model that embeddings can be reached in: those of TIPS and TIPSv2, and of CLIP.
 *
 * @throws `invalid-argument` for towers of another kind or a model without a text tower, `missing-data` for one without a tokenizer
 */
export async function requireAdaptable({ family, config, params, tokenizer }: OpenedModel): Promise<AdaptableModel> {
  const towers = adaptableTowers(family, config);
  if (tokenizer === undefined) {
    throw new VitrailError(
      'missing-data',
      'classes are told apart by their names, so a tokenizer is needed: name its file beside the weights',
    );
  }
  const { logitScale } = params as { logitScale?: Tensor };
  const base = { image: params.image, text: params.text } as TowerParams;
  if (logitScale === undefined) {
    process.stderr.write('warning: the weights have no temperature that is read; cosines are divided by 0.07\n');
  }
  return {
    towers,
    base,
    tokenizer,
    scale: logitScale === undefined ? usualScale : Math.exp((await logitScale.data())[0]),
    embedding: embeddingOf(config),
    sha256: await weightsDigest(base),
  };
}

type TipsTowers = { readonly vit: VitConfig; readonly text: TextConfig };

function adaptableTowers(family: { readonly name: string }, config: unknown): AdaptableTowers {
  const { vit, text } = config as Partial<TipsTowers>;
  const isTips = vit !== undefined && 'positionGrid' in vit;
  const isClip = family.name === clip.name || family.name === openClip.name;
  if ((isTips || isClip) && text === undefined) {
    throw new VitrailError(
      'invalid-argument',
      `this model (${family.name}) has no text tower, so no class has a name for it: name a model, or files, of both towers`,
    );
  }
  if (isTips && text !== undefined && 'mlpHidden' in text) return adaptableTips({ vit, text });
  if (isClip) return adaptableClip(config as ClipTowers);
  throw new VitrailError(
    'invalid-argument',
    `models with the towers of TIPS, TIPSv2 or CLIP can be adapted, but this is ${family.name}`,
  );
}

function embeddingOf(config: unknown): number {
  const { vit, image } = config as Partial<TipsTowers> & Partial<ClipTowers>;
  return vit?.width ?? image?.embedding ?? 0;
}
