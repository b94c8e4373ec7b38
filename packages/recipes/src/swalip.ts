/**
 * SwALIP: CLIP-Rocket and SwAV between the modalities, without prototypes: the captions of the batch are the clusters that its pictures are
 * assigned to, and the other way round. Of two strong views of either, one predicts the assignment that the other two give.
 *
 * "Improved baselines for vision-language pre-training", TMLR 10/2023, arXiv 2305.08675; code facebookresearch/clip-rocket, in the form that its
 * published runs have.
 *
 *   S = h_I h_T^T,   T = Sinkhorn(S / 0.05), a constant
 *   L = L_CLIP + 0.2 mean over a, b of the cross-entropy of s_h S[a][b] with T[1 - a][1 - b]
 *
 * A is 2, and labels are not smoothed. For the rest see `clip-rocket.ts`.
 *
 *   vitrail pretrain --recipe swalip:tiny --data scenes
 *
 * 40 epochs of 2,000 scenes of 32 pixels, 2 minutes 30 seconds of one CPU core (command in `docs/recipes.md`). On 1,000 unseen scenes: zero-shot top 1 0.270
 * (guessing 0.05), picture to text R@10 0.643; `clip-rocket` beside it 0.245 and 0.741.
 */
import { mean, mul, type Scalar, type Tensor2D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { swaLip } from '@vitrail/losses';
import { requireRange, requireWhole } from '@vitrail/train';
import { assembleClipRocket, type RocketConfiguration, type RocketSystem, type RocketTerm } from './clip-rocket.ts';
import { rocketMemory } from './clip-rocket-memory.ts';
import { rocketPresets } from './clip-rocket-presets.ts';
import { similaritiesPass } from './head-pass.ts';
import type { Preset, Recipe } from './recipe.ts';

/** Every setting of SwALIP. */
export type SwalipConfiguration = RocketConfiguration & {
  /** The term: its weight, the temperature of assignments and the iterations of Sinkhorn. */
  swal: { weight: number; targetTemperature: number; iterations: number };
};

/** SwALIP (Fini et al., TMLR 2023, arXiv 2305.08675). */
export const swalip: Recipe<SwalipConfiguration, RocketSystem> = {
  name: 'swalip',
  title: 'SwALIP: CLIP-Rocket and SwAV between pictures and captions',
  paper: 'TMLR 2023, arXiv 2305.08675',
  presets: Object.fromEntries(Object.entries(rocketPresets).map(([name, preset]) => [name, swapping(preset)])),
  check: assembleSwalip,
  assemble: assembleSwalip,
  memory: (config, options) => rocketMemory(config, options, { passes: [similaritiesPass(config.train.batchSize, 4)] }),
};

function assembleSwalip(config: SwalipConfiguration): RocketSystem {
  return assembleClipRocket(config, swaTerm(config));
}

function swaTerm({ loss: { labelSmoothing }, rocket: { views }, swal }: SwalipConfiguration): RocketTerm {
  const { weight, ...sinkhorn } = swal;
  if (views !== 2) {
    throw new VitrailError('invalid-argument', `rocket.views is 2, two views that predict each other, but ${views} came`);
  }
  if (labelSmoothing !== 0) {
    throw new VitrailError('invalid-argument', `loss.labelSmoothing is 0 beside assignments, but ${labelSmoothing} came`);
  }
  requireRange('swal.weight', weight, 0, 1e3);
  requireRange('swal.targetTemperature', sinkhorn.targetTemperature, 0.02, 10);
  requireWhole('swal.iterations', sinkhorn.iterations, 1);
  return {
    name: 'swalip',
    loss({ strong, strongLogitScale }): Scalar {
      const pair = ([first, second]: readonly Tensor2D[]) => [first, second] as const;
      const views = { images: pair(strong.images), texts: pair(strong.texts) };
      return mul(weight, mean(swaLip(views, strongLogitScale, sinkhorn)));
    },
  };
}

function swapping({ note, config }: Preset<RocketConfiguration>): Preset<SwalipConfiguration> {
  const swal = { weight: 0.2, targetTemperature: 0.05, iterations: 3 };
  return { note, config: { ...config, loss: { ...config.loss, labelSmoothing: 0 }, swal } };
}
