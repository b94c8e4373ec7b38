import { countParameters, countShapes, flattenTree, type ParameterShapes } from '@vitrail/core';
import { cropTensors } from './crops-memory.ts';
import { similaritiesPass } from './head-pass.ts';
import { type MemoryOptions, type Pass, type StepMemory, stepMemory } from './step-memory.ts';
import { blocksPass } from './tower-pass.ts';
import type { UtaContrastiveConfiguration } from './uta-contrastive.ts';
import { requireStart } from './uta-contrastive-start.ts';

/** The memory of a step of UTA's second stage: crops and captions through the towers of the model, of whatever family each is. */
export function utaContrastiveMemory(
  config: UtaContrastiveConfiguration,
  { precision, model: start }: MemoryOptions = {},
): StepMemory {
  const { train, views } = config;
  const { model } = requireStart(start, views.globalSize);
  const { encoders, family, params } = model;
  const { image, text } = family.shapes(model.config) as Record<'image' | 'text', ParameterShapes>;
  const patches = (views.globalSize / encoders.image.patchSize) ** 2;
  const crops = cropTensors(config);
  const images = passOf(image, { name: 'the crops', tokens: train.batchSize * (1 + patches) });
  const parts = {
    parameters: { image, text },
    copies: countParameters(params),
    inputs: crops,
    passes: [
      { ...images, around: images.around + crops[0].numbers }, // Cut into patches.
      passOf(text, { name: 'the captions', tokens: train.batchSize * (encoders.text?.maxTokens ?? 0) }),
      similaritiesPass(train.batchSize),
    ],
  };
  return stepMemory(parts, config, { precision });
}

/** Tokens through a tower that is known by its parameters: blocks have the same names in every family. */
function passOf(tower: ParameterShapes, { name, tokens }: { name: string; tokens: number }): Pass {
  const leaves = flattenTree<readonly number[]>(tower);
  const first = (path: string): readonly number[] | undefined => leaves[`blocks.0.${path}`];
  const [width] = first('attn.qkv.kernel') ?? [];
  const gated = first('mlp.w12.kernel');
  const hidden = gated ? gated[1] / 2 : (first('mlp.fc1.kernel')?.[1] ?? 0);
  const mlp = gated ? (first('mlp.norm.scale') ? 'swiglu with norm' : 'swiglu') : 'plain';
  const depth = Object.keys(tower.blocks).length;
  const blocks = blocksPass({ name, tokens, width, depth, hidden, heads: 0, mlp, further: 2.5 });
  return { ...blocks, parameters: countShapes(tower), around: 10 * tokens * width };
}
