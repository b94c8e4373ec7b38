import { countShapes } from '@vitrail/core';
import { textShapes } from '@vitrail/text';
import { type EvaVitConfig, evaVitShapes, type VitConfig, vitShapes } from '@vitrail/vit';
import type { TextTowerSection } from './configuration.ts';
import type { Pass, SizedTensor } from './step-memory.ts';

/** The blocks of a tower, and the tokens that go through them. */
export type BlocksRun = {
  /** Of what goes through, for messages. */
  name: string;
  /** Of the whole batch. */
  tokens: number;
  width: number;
  depth: number;
  hidden: number;
  heads: number;
  mlp: 'plain' | 'swiglu' | 'swiglu with norm';
  /** Whether blocks keep their input alone, and are run again one at a time; they do not by default. */
  remat?: boolean;
  /** Numbers per token that a block keeps beside what every block does, in widths; none by default. */
  further?: number;
};

/** Numbers per token of a feed-forward layer, with gradients, in hidden widths, and the most in one tensor. */
const mlps = {
  plain: { kept: 3, widest: 1 },
  swiglu: { kept: 8, widest: 2 },
  'swiglu with norm': { kept: 10, widest: 2 },
} as const;

/**
 * Tokens through blocks.
 *
 * Of a token of width D a block keeps its input, two normed inputs, queries, keys and values, what attention gives, and the sum after it, 8 D; of
 * an MLP of width H the hidden layer before and after the activation, 2 H (SwiGLU: 3 H); and a few numbers for norms and attention. To this come
 * gradients, 12 D and H (SwiGLU: 5 H), for what two layers read has a gradient from each and their sum. Of blocks that are run again each keeps
 * its input and the gradient of it, 2 D, and one at a time the rest.
 */
export function blocksPass({ name, tokens, width, depth, hidden, heads, mlp, remat = false, further = 0 }: BlocksRun): Pass {
  const { kept, widest } = mlps[mlp];
  const whole = (20 + further) * width + kept * hidden + heads + 4;
  const sized = (what: string, perToken: number): SizedTensor => ({
    name: `${what} of ${name}`,
    numbers: tokens * perToken,
    setting: 'train.batchSize',
    isFloat32: false,
  });
  return {
    parameters: 0,
    inside: tokens * (remat ? depth * 2 * width + whole : depth * whole),
    around: 0,
    tensors: [sized('queries, keys and values', 3 * width), sized('the hidden layer', widest * hidden)],
  };
}

/** Pictures on their way through a tower. */
export type PicturesRun = {
  name: string;
  pictures: number;
  /** Their side, in pixels. */
  size: number;
  /** Patches of each that blocks see; all of them by default. */
  kept?: number;
  /** Whether a mask token stands for some of the patches; it does not by default. */
  masked?: boolean;
  /** Whether blocks are run again; they are not by default. */
  remat?: boolean;
};

/**
 * Pictures through the image tower of TIPS: the patches that they are cut into, their embeddings with positions, blocks, the last norm, and the
 * gradients of these.
 */
export function towerPass(vit: VitConfig, run: PicturesRun): Pass {
  const { width, depth, heads, clsTokens, mlp } = vit;
  const { tokens, around } = aroundBlocks(run, { ...vit, clsTokens });
  const kind = mlp.kind === 'swiglu' ? 'swiglu' : 'plain';
  const { name, remat } = run;
  const blocks = blocksPass({ name, tokens, width, depth, hidden: mlp.hidden, heads, mlp: kind, remat });
  return { ...blocks, parameters: countShapes(vitShapes(vit)), around };
}

/** Pictures through a tower of UTA: {@link towerPass} with rotary positions, a norm inside SwiGLU, and a head over all tokens. */
export function evaTowerPass(tower: EvaVitConfig & { embedding: number }, run: PicturesRun): Pass {
  const { width, depth, heads, embedding, mlp } = tower;
  const { tokens, around } = aroundBlocks(run, { ...tower, clsTokens: 1 });
  const { name, remat } = run;
  const blocks = blocksPass({ name, tokens, width, depth, hidden: mlp.hidden, heads, mlp: 'swiglu with norm', remat });
  return { ...blocks, parameters: countShapes(evaVitShapes(tower)), around: around + 4 * tokens * embedding };
}

/** Tokens in blocks, and numbers before the first of them and after the last. */
function aroundBlocks(
  { pictures, size, kept, masked = false }: PicturesRun,
  { patchSize, width, clsTokens }: { patchSize: number; width: number; clsTokens: number },
): { tokens: number; around: number } {
  const patches = (size / patchSize) ** 2;
  const tokens = pictures * ((kept ?? patches) + clsTokens);
  const pixels = pictures * 3 * size ** 2;
  const perPatch = (masked ? 11 : 5) * pictures * patches * width;
  return { tokens, around: pixels + perPatch + 5 * tokens * width };
}

/** Captions through the text tower of TIPS. */
export function textPass(
  text: TextTowerSection & { width: number },
  { name, texts, drops = false }: { name: string; texts: number /** Whether dropout is before every block. */; drops?: boolean },
): Pass {
  const { width, depth, mlpHidden, heads, maxTokens, vocabularySize } = text;
  const tokens = texts * maxTokens;
  // Padding is multiplied away after the MLP, for which its output is kept, and the product has a gradient.
  const blocks = blocksPass({ name, tokens, width, depth, hidden: mlpHidden, heads, mlp: 'plain', further: drops ? 5.5 : 2.5 });
  return {
    ...blocks,
    parameters: countShapes(textShapes(text)),
    around: 10 * tokens * width,
    tensors: [
      ...blocks.tensors,
      { name: 'the word embeddings', numbers: vocabularySize * width, setting: 'text.vocabularySize', isFloat32: true },
    ],
  };
}
