import { countShapes } from '@vitrail/core';
import { vitShapes } from '@vitrail/vit';
import { cropTensors, globalCrops } from './crops-memory.ts';
import { pixelsPass } from './head-pass.ts';
import { imageTower } from './image-tower.ts';
import type { MaeConfiguration } from './mae.ts';
import { maeDecoderShapes } from './mae-decoder.ts';
import { type MemoryOptions, type StepMemory, stepMemory } from './step-memory.ts';
import { blocksPass, towerPass } from './tower-pass.ts';

/** The memory of a step of MAE: the kept patches through the tower, all of them through the decoder, and the pixels that it predicts. */
export function maeMemory(config: MaeConfiguration, options?: MemoryOptions): StepMemory {
  const { image, mask, train, views } = config;
  const { width, depth, mlpHidden, heads } = config.decoder;
  const { vit } = imageTower(config, { masks: false });
  const decoder = maeDecoderShapes(vit, config.decoder);
  const patches = (views.globalSize / image.patchSize) ** 2;
  const tokens = train.batchSize * (patches + image.clsTokens);
  const mlp = image.mlp === 'swiglu' ? 'swiglu' : 'plain';
  const blocks = blocksPass({ name: 'the decoded patches', tokens, width, depth, hidden: mlpHidden, heads, mlp });
  const parts = {
    parameters: { image: vitShapes(vit), decoder },
    copies: 0,
    inputs: cropTensors(config),
    passes: [
      towerPass(vit, globalCrops(config, { kept: patches - Math.round(mask.ratio * patches) })),
      { ...blocks, parameters: countShapes(decoder), around: 12 * tokens * width },
      pixelsPass(train.batchSize * patches, { numbers: 3 * image.patchSize ** 2, normalized: true }),
    ],
  };
  return stepMemory(parts, config, options);
}
