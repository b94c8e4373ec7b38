import { add, scalar, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, mapTree, type Rng, type TensorTree } from '@vitrail/core';
import { type TextConfig, wordTokenizer } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import { initTips } from '../src/families/tips-tower.ts';
import type { ExportableModel } from '../src/index.ts';

const words = ['a', 'red', 'ball', 'on', 'blue', 'cube'];
const vit: VitConfig = {
  imageSize: 32,
  patchSize: 8,
  width: 64,
  depth: 2,
  heads: 1,
  mlp: { kind: 'gelu-tanh', hidden: 96 },
  clsTokens: 2,
  positionGrid: 4,
  maskToken: true,
};
const text: TextConfig = { width: 64, depth: 2, heads: 1, mlpHidden: 80, maxTokens: 9, vocabularySize: 257 + words.length };

/** What {@link exportedModel} can be, by name: pretrained here; as TIPS' PyTorch code computes; with everything that a form has to fit. */
export const variants: Readonly<Record<string, { vit: VitConfig; text: TextConfig }>> = {
  here: { vit, text },
  torch: { vit: { ...vit, mlp: { kind: 'gelu', hidden: 96 } }, text: { ...text, epsilon: 1e-5 } },
  fitted: { vit: { ...vit, positionGrid: 6, layerScale: 0.5, maskToken: false, mlp: { kind: 'swiglu', hidden: 64 } }, text },
};

/** A model to be exported: the same for the same variant, every bias, norm and scale away from where it starts. The caller disposes its parameters. */
export function exportedModel(variant: string): ExportableModel {
  const rng = createRng(5);
  const started = initTips(variants[variant], rng);
  const params: TensorTree = tidy(() => mapTree(started, (leaf, path) => add(leaf, noise(leaf, rng.fork(path)))));
  disposeTree(started);
  return {
    ...variants[variant],
    params: { ...params, logitScale: scalar(2.5) },
    tokenizer: wordTokenizer({ words, maxTokens: text.maxTokens }),
  };
}

function noise({ shape, size }: Tensor, rng: Rng): Tensor {
  return tensor(
    Float32Array.from({ length: size }, () => 0.2 * rng.normal()),
    shape,
  );
}
