/**
 * BarLIP: CLIP-Rocket and Barlow Twins between the modalities. Features of a picture and of its caption are to be the same, and different
 * features to have nothing in common.
 *
 * "Improved baselines for vision-language pre-training", TMLR 10/2023, arXiv 2305.08675; code facebookresearch/clip-rocket.
 *
 *   C = v_I^T v_T / B,   bar = 0.025 (sum_d (C_dd - 1)^2 + 0.005 sum_{d != e} C_de^2)
 *   L = L_CLIP + (bar of the weak pair + sum over strong pairs) / (1 + A^2)
 *
 * Weak and strong views share these projectors, as in the code unless it is told otherwise. Deviation: running statistics of their batch norms
 * are not kept, because evaluation runs towers and CLIP's projectors alone. For the rest see `clip-rocket.ts`.
 *
 *   vitrail pretrain --recipe barlip:tiny --data scenes
 *
 * 40 epochs of 2,000 scenes of 32 pixels, 3 minutes 30 seconds of one CPU core (command in `docs/recipes.md`). On 1,000 unseen scenes: zero-shot top 1 0.245
 * (guessing 0.05), picture to text R@10 0.730; `clip-rocket` beside it 0.245 and 0.741.
 */
import { mul, type Scalar, sum } from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import { applyMlp, barLipProjector, initMlp, initMlpStatistics, type MlpParams, mlpShapes } from '@vitrail/heads';
import { barLip } from '@vitrail/losses';
import { requireRange, requireWhole } from '@vitrail/train';
import { assembleClipRocket, type RocketConfiguration, type RocketSystem, type RocketTerm } from './clip-rocket.ts';
import { rocketMemory, type TermMemory } from './clip-rocket-memory.ts';
import { isSmallPreset, rocketPresetsWith } from './clip-rocket-presets.ts';
import { correlationsPass, mlpPass } from './head-pass.ts';
import { mapViews } from './map-views.ts';
import type { Recipe } from './recipe.ts';

/** Every setting of BarLIP. */
export type BarlipConfiguration = RocketConfiguration & {
  /** The term: its projectors, its weight, and that of the products of different features in it. */
  bar: { hidden: number; outputs: number; weight: number; offDiagonal: number };
};

/** BarLIP (Fini et al., TMLR 2023, arXiv 2305.08675). */
export const barlip: Recipe<BarlipConfiguration, RocketSystem> = {
  name: 'barlip',
  title: 'BarLIP: CLIP-Rocket and Barlow Twins between pictures and captions',
  paper: 'TMLR 2023, arXiv 2305.08675',
  presets: rocketPresetsWith((name) => ({ bar: barSection(name) })),
  check: assembleBarlip,
  assemble: assembleBarlip,
  memory: (config, options) => rocketMemory(config, options, barMemory(config)),
};

function assembleBarlip(config: BarlipConfiguration): RocketSystem {
  return assembleClipRocket(config, barTerm(config));
}

function barTerm({ image: { width }, bar }: BarlipConfiguration): RocketTerm {
  requireWhole('bar.hidden', bar.hidden, 1);
  requireWhole('bar.outputs', bar.outputs, 1);
  requireRange('bar.weight', bar.weight, 0, 1e3);
  requireRange('bar.offDiagonal', bar.offDiagonal, 0, 1e3);
  const projector = barLipProjector(width, bar);
  return {
    name: 'barlip',
    init: (rng) =>
      ({
        image: initMlp(projector, rng.fork('image')),
        text: initMlp(projector, rng.fork('text')),
      }) as unknown as TensorTree,
    loss({ heads, features }): Scalar {
      const projectors = heads as unknown as Record<'image' | 'text', MlpParams>;
      const projections = mapViews(
        features,
        (view, of) => applyMlp(projector, projectors[of], initMlpStatistics(projector), view, { training: true }).output,
      ); // v
      return mul(bar.weight, sum(barLip(projections, { offDiagonal: bar.offDiagonal })));
    },
  };
}

/** Every view through its projector, and the correlations of all pairs of views. */
function barMemory({ bar, image, rocket, train }: BarlipConfiguration): TermMemory {
  const projector = barLipProjector(image.width, bar);
  return {
    parameters: { image: mlpShapes(projector), text: mlpShapes(projector) },
    passes: [
      mlpPass(projector, { views: 2 * (1 + rocket.views), rows: train.batchSize }),
      correlationsPass(bar.outputs, 1 + rocket.views ** 2),
    ],
  };
}

/** The sizes of the paper, or in proportion to small towers. */
function barSection(presetName: string): BarlipConfiguration['bar'] {
  const sizes = isSmallPreset(presetName) ? { hidden: 384, outputs: 256 } : { hidden: 3000, outputs: 8192 };
  return { ...sizes, weight: 0.025, offDiagonal: 0.005 };
}
