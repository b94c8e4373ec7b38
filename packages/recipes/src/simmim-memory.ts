import { linearShapes } from '@vitrail/core';
import { vitShapes } from '@vitrail/vit';
import { cropTensors, globalCrops } from './crops-memory.ts';
import { pixelsPass } from './head-pass.ts';
import { imageTower } from './image-tower.ts';
import type { SimMimConfiguration } from './simmim.ts';
import { type MemoryOptions, type StepMemory, stepMemory } from './step-memory.ts';
import { towerPass } from './tower-pass.ts';

/** The memory of a step of SimMIM: all patches through the tower, mask tokens among them, and the pixels that are predicted of each. */
export function simMimMemory(config: SimMimConfiguration, options?: MemoryOptions): StepMemory {
  const { image, train, views } = config;
  const { vit } = imageTower(config, { masks: true });
  const patches = train.batchSize * (views.globalSize / image.patchSize) ** 2;
  const numbers = 3 * image.patchSize ** 2;
  const parts = {
    parameters: { image: vitShapes(vit), pixels: linearShapes(image.width, numbers) },
    copies: 0,
    inputs: cropTensors(config),
    passes: [towerPass(vit, globalCrops(config, { masked: true })), pixelsPass(patches, { numbers, normalized: false })],
  };
  return stepMemory(parts, config, options);
}
