import { countShapes } from '@vitrail/core';
import { prototypeHeadShapes } from '@vitrail/heads';
import { vitShapes } from '@vitrail/vit';
import { cropTensors, globalCrops, localCropPasses } from './crops-memory.ts';
import type { DinoConfiguration } from './dino.ts';
import { prototypePass } from './head-pass.ts';
import { imageTower } from './image-tower.ts';
import { type MemoryOptions, type StepMemory, stepMemory } from './step-memory.ts';
import { towerPass } from './tower-pass.ts';

/** The memory of a step of DINO: the crops that the student is asked about through the tower, and their CLS tokens through the head. */
export function dinoMemory(config: DinoConfiguration, options?: MemoryOptions): StepMemory {
  const { image, loss, views } = config;
  const { vit } = imageTower(config, { masks: false });
  const head = { width: image.width, ...config.heads };
  const large = globalCrops(config);
  const several = (views.globalCrops ?? 1) > 1;
  const parameters = { image: vitShapes(vit), head: prototypeHeadShapes(head) };
  const parts = {
    parameters,
    copies: countShapes(parameters),
    inputs: cropTensors(config),
    passes: [
      ...(several || loss.koLeoWeight > 0 ? [towerPass(vit, large)] : []),
      ...(several ? [prototypePass(head, { name: 'crops', rows: large.pictures })] : []),
      ...localCropPasses(config, vit, head),
    ],
  };
  return stepMemory(parts, config, options);
}
