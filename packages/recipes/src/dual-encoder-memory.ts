import type { ParameterShapes } from '@vitrail/core';
import { textShapes } from '@vitrail/text';
import { vitShapes } from '@vitrail/vit';
import type { DualEncoderConfiguration } from './configuration.ts';
import { cropTensors, globalCrops } from './crops-memory.ts';
import { type DualEncoder, dualEncoder } from './dual-encoder.ts';
import { similaritiesPass } from './head-pass.ts';
import { type MemoryOptions, type Pass, type StepMemory, stepMemory } from './step-memory.ts';
import { type PicturesRun, textPass, towerPass } from './tower-pass.ts';

/** The memory of a step of both towers and the contrastive loss alone; `images`: how the crops go through theirs. */
export function contrastiveMemory(
  config: DualEncoderConfiguration,
  options?: MemoryOptions,
  images: Partial<PicturesRun> = {},
): StepMemory {
  const towers = dualEncoder(config, { masks: false });
  const parts = {
    parameters: dualEncoderShapes(towers),
    copies: 0,
    inputs: cropTensors(config),
    passes: [towerPass(towers.vit, globalCrops(config, images)), ...captionPasses(config, towers)],
  };
  return stepMemory(parts, config, options);
}

/** Shapes of both towers of TIPS. */
export function dualEncoderShapes({ vit, text }: Pick<DualEncoder, 'vit' | 'text'>): Record<'image' | 'text', ParameterShapes> {
  return { image: vitShapes(vit), text: textShapes(text) };
}

/** The captions of all streams through their tower, and the contrastive loss of each. */
export function captionPasses({ captions, train }: DualEncoderConfiguration, { text }: Pick<DualEncoder, 'text'>): Pass[] {
  const { length: streams } = captions.streams;
  return [textPass(text, { name: 'the captions', texts: streams * train.batchSize }), similaritiesPass(train.batchSize, streams)];
}
