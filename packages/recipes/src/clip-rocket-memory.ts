import type { ParameterShapes } from '@vitrail/core';
import { clipRocketProjectorShapes } from '@vitrail/heads';
import type { RocketConfiguration } from './clip-rocket-configuration.ts';
import { projectorsOf } from './clip-rocket-projection.ts';
import { batchTensor, cropTensors, globalCrops } from './crops-memory.ts';
import { dualEncoder } from './dual-encoder.ts';
import { dualEncoderShapes } from './dual-encoder-memory.ts';
import { linearPass, mlpPass, similaritiesPass } from './head-pass.ts';
import { type MemoryOptions, type Pass, type StepMemory, stepMemory } from './step-memory.ts';
import { textPass, towerPass } from './tower-pass.ts';

/** What a further term adds to a step. */
export type TermMemory = {
  /** Of its heads; it has none by default. */
  parameters?: ParameterShapes;
  /** Numbers in a momentum copy; there is none by default. */
  copies?: number;
  passes: readonly Pass[];
};

/**
 * The memory of a step of CLIP-Rocket, or with a further term of one of its kin: weak and strong views of pictures and captions through the towers,
 * each through a projector, and the similarities of all pairs of views.
 *
 * @example rocketMemory(clipRocket.presets.tiny.config).peak // 3.9e8
 */
export function rocketMemory(
  config: RocketConfiguration,
  options?: MemoryOptions,
  { parameters: heads, copies = 0, passes }: TermMemory = { passes: [] },
): StepMemory {
  const { rocket, train, views } = config;
  const { batchSize: rows } = train;
  const towers = dualEncoder(config, { masks: false });
  const projectors = projectorsOf(config);
  const { width, outputs } = projectors;
  const strong = projectors.strong ?? { width, layers: [{ width: outputs, bias: false }] };
  const drops = rocket.textDropout > 0;
  const parts = {
    parameters: {
      ...dualEncoderShapes(towers),
      projectors: clipRocketProjectorShapes(projectors),
      ...(heads && { heads }),
    },
    copies,
    inputs: [...cropTensors(config), batchTensor('the strong crops', rows * rocket.views * 3 * views.globalSize ** 2)],
    passes: [
      towerPass(towers.vit, globalCrops(config, { pictures: (1 + rocket.views) * rows })),
      textPass(towers.text, { name: 'the captions', texts: rows }),
      textPass(towers.text, { name: 'the strong captions', texts: rocket.views * rows, drops }),
      linearPass(2 * rows, { inputs: width, outputs }),
      mlpPass(strong, { views: 2 * rocket.views, rows }),
      similaritiesPass(rows, 1 + rocket.views ** 2),
      ...passes,
    ],
  };
  return stepMemory(parts, config, options);
}
