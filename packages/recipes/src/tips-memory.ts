import { countShapes } from '@vitrail/core';
import { prototypeHeadShapes } from '@vitrail/heads';
import { cropTensors, globalCrops, localCropPasses } from './crops-memory.ts';
import { dualEncoder } from './dual-encoder.ts';
import { captionPasses, dualEncoderShapes } from './dual-encoder-memory.ts';
import { prototypePass } from './head-pass.ts';
import { type MemoryOptions, type StepMemory, stepMemory } from './step-memory.ts';
import type { TipsConfiguration } from './tips-configuration.ts';
import { towerPass } from './tower-pass.ts';

/**
 * The memory of a step of TIPS or TIPSv2: the clean crops and the captions; the masked crops and the local ones, where there is a loss of them,
 * each with a head.
 *
 * @example tipsMemory(tipsv2.presets.tiny.config).peak // 2.4e8
 */
export function tipsMemory(config: TipsConfiguration, options?: MemoryOptions): StepMemory {
  const { image, loss, teacher, train, views } = config;
  const towers = dualEncoder(config, { masks: true });
  const { vit } = towers;
  const shapes = dualEncoderShapes(towers);
  const head = { width: image.width, ...config.heads };
  const heads = { cls: prototypeHeadShapes(head), patch: prototypeHeadShapes(head) };
  const averaged = { none: {}, heads, full: { image: shapes.image, ...heads } };
  const masked = [
    towerPass(vit, globalCrops(config, { name: 'the masked crops', masked: true })),
    prototypePass(head, { name: 'patches', rows: train.batchSize * (views.globalSize / image.patchSize) ** 2 }),
  ];
  const parts = {
    parameters: { ...shapes, heads },
    copies: countShapes(averaged[teacher.policy]),
    inputs: cropTensors(config),
    passes: [
      towerPass(vit, globalCrops(config)),
      ...captionPasses(config, towers),
      ...(loss.patch === 'none' ? [] : masked),
      ...(loss.dinoWeight > 0 ? localCropPasses(config, vit, head) : []),
    ],
  };
  return stepMemory(parts, config, options);
}
