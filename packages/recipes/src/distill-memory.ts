import { countParameters, linearShapes } from '@vitrail/core';
import { prototypeHeadShapes } from '@vitrail/heads';
import { batchTensor, cropTensors, globalCrops, localCropPasses } from './crops-memory.ts';
import type { DistillConfiguration } from './distill-configuration.ts';
import { prototypesOf, requireTeacherParts } from './distill-teacher.ts';
import { dualEncoder } from './dual-encoder.ts';
import { captionPasses, dualEncoderShapes } from './dual-encoder-memory.ts';
import { requireTeacher } from './frozen-teacher.ts';
import { cosinePass, linearPass, prototypePass, similaritiesPass } from './head-pass.ts';
import { type MemoryOptions, type Pass, type StepMemory, stepMemory } from './step-memory.ts';
import { towerPass } from './tower-pass.ts';

/**
 * The memory of a step of distillation: the clean crops and the captions, the masked crops where there is a mask, the local ones, and what each loss
 * compares with the teacher's outputs.
 */
export function distillMemory(config: DistillConfiguration, { precision, model }: MemoryOptions = {}): StepMemory {
  const { image, loss, mask, train, views } = config;
  const side = views.globalSize / image.patchSize;
  const { teacher, embedding } = requireTeacher(model, { size: views.globalSize, side, grid: config.teacher.grid });
  const prototypes = prototypesOf(requireTeacherParts(teacher, embedding, config));
  const head = { width: image.width, ...config.heads, prototypes };
  const masks = mask.ratio > 0;
  const towers = dualEncoder(config, { masks });
  const { vit } = towers;
  const patches = train.batchSize * side ** 2;
  const tokens = patches + train.batchSize;
  const where = (weight: number, ...passes: Pass[]) => (weight > 0 ? passes : []);
  const parts = {
    parameters: {
      ...dualEncoderShapes(towers),
      ...(loss.dinoWeight > 0 && { cls: prototypeHeadShapes(head) }),
      ...(loss.patchWeight > 0 && { patch: prototypeHeadShapes(head) }),
      ...(loss.featureWeight > 0 && { features: linearShapes(image.width, embedding) }),
    },
    copies: countParameters(teacher.params),
    inputs: [...cropTensors(config), batchTensor("the teacher's tokens", tokens * embedding)],
    passes: [
      towerPass(vit, globalCrops(config)),
      ...captionPasses(config, towers),
      ...where(mask.ratio, towerPass(vit, globalCrops(config, { name: 'the masked crops', masked: true }))),
      ...where(loss.patchWeight, prototypePass(head, { name: 'patches', rows: patches })),
      ...where(loss.dinoWeight, ...localCropPasses(config, vit, head)),
      ...where(
        loss.featureWeight,
        linearPass(tokens, { inputs: image.width, outputs: embedding }),
        cosinePass(tokens, embedding),
      ),
      ...where(loss.affinityWeight, similaritiesPass(train.batchSize)),
    ],
  };
  return stepMemory(parts, config, { precision });
}
