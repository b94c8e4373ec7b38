import { countParameters } from '@vitrail/core';
import { evaVitShapes } from '@vitrail/vit';
import { batchTensor, cropTensors, globalCrops } from './crops-memory.ts';
import { requireTeacher } from './frozen-teacher.ts';
import { cosinePass } from './head-pass.ts';
import { type MemoryOptions, type StepMemory, stepMemory } from './step-memory.ts';
import { evaTowerPass } from './tower-pass.ts';
import { studentTower, type UtaConfiguration } from './uta-configuration.ts';

/**
 * The memory of a step of UTA: the patches that the student keeps, or all of them with mask tokens, through its tower, and compared with the tokens
 * of the teacher. Those that `teacher.cache` keeps come on top.
 */
export function utaMemory(config: UtaConfiguration, { precision, model }: MemoryOptions = {}): StepMemory {
  const { image, mask, objective, train, views } = config;
  const side = views.globalSize / image.patchSize;
  const { teacher, embedding } = requireTeacher(model, { size: views.globalSize, side, grid: config.teacher.grid });
  const tower = studentTower(config, embedding);
  const patches = side ** 2;
  const masked = objective !== 'uta';
  const kept = masked ? patches : patches - Math.floor(mask.ratio * patches);
  const parts = {
    parameters: { image: evaVitShapes(tower) },
    copies: countParameters(teacher.params),
    inputs: [...cropTensors(config), batchTensor("the teacher's tokens", train.batchSize * (1 + patches) * embedding)],
    passes: [evaTowerPass(tower, globalCrops(config, { kept, masked })), cosinePass(train.batchSize * (1 + kept), embedding)],
  };
  return stepMemory(parts, config, { precision });
}
