import { countShapes } from '@vitrail/core';
import { prototypeHeadShapes } from '@vitrail/heads';
import { vitShapes } from '@vitrail/vit';
import { cropTensors, globalCrops, localCropPasses } from './crops-memory.ts';
import { prototypePass } from './head-pass.ts';
import type { IbotConfiguration } from './ibot.ts';
import { imageTower } from './image-tower.ts';
import { type MemoryOptions, type StepMemory, stepMemory } from './step-memory.ts';
import { towerPass } from './tower-pass.ts';

/**
 * The memory of a step of iBOT: the masked global crops and the local ones through the tower, their CLS tokens and the patches of the global ones
 * through the head.
 */
export function ibotMemory(config: IbotConfiguration, options?: MemoryOptions): StepMemory {
  const { image, views } = config;
  const { vit } = imageTower(config, { masks: true });
  const head = { width: image.width, ...config.heads };
  const large = globalCrops(config, { name: 'the masked crops', masked: true });
  const parameters = { image: vitShapes(vit), head: prototypeHeadShapes(head) };
  const parts = {
    parameters,
    copies: countShapes(parameters),
    inputs: cropTensors(config),
    passes: [
      towerPass(vit, large),
      prototypePass(head, { name: 'patches', rows: large.pictures * (views.globalSize / image.patchSize) ** 2 }),
      ...((views.globalCrops ?? 1) > 1 ? [prototypePass(head, { name: 'crops', rows: large.pictures })] : []),
      ...localCropPasses(config, vit, head),
    ],
  };
  return stepMemory(parts, config, options);
}
