/**
 * SiamLIP: CLIP-Rocket and SimSiam between the modalities. From every view of a picture the projection of every view of its caption of the
 * same strength is predicted, and the other way round.
 *
 * "Improved baselines for vision-language pre-training", TMLR 10/2023, arXiv 2305.08675; code facebookresearch/clip-rocket.
 *
 *   v = projector(f), p = predictor(v),   D(p, v) = 2 - 2 cos(p, stopgrad(v))
 *   L = L_CLIP + (D(p_I, v_T) + D(p_T, v_I) + sum over strong pairs of both) / (2 + 2 A^2)
 *
 * Weak and strong views share these heads, as in the code unless it is told otherwise. Deviation: running statistics of their batch norms
 * are not kept, because evaluation runs towers and CLIP's projectors alone. For the rest see `clip-rocket.ts`.
 *
 *   vitrail pretrain --recipe siamlip:tiny --data scenes
 *
 * 40 epochs of 2,000 scenes of 32 pixels, 2 minutes 50 seconds of one CPU core (command in `docs/recipes.md`). On 1,000 unseen scenes: zero-shot top 1 0.256
 * (guessing 0.05), picture to text R@10 0.690; `clip-rocket` beside it 0.245 and 0.741.
 */
import { mean, type Scalar, type Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import {
  applyMlp,
  initMlp,
  initMlpStatistics,
  type MlpConfig,
  type MlpParams,
  mlpShapes,
  siamLipPredictor,
  siamLipProjector,
} from '@vitrail/heads';
import { siamLip } from '@vitrail/losses';
import { requireWhole } from '@vitrail/train';
import { assembleClipRocket, type RocketConfiguration, type RocketSystem, type RocketTerm } from './clip-rocket.ts';
import { rocketMemory, type TermMemory } from './clip-rocket-memory.ts';
import { isSmallPreset, rocketPresetsWith } from './clip-rocket-presets.ts';
import { cosinePass, mlpPass } from './head-pass.ts';
import { mapViews } from './map-views.ts';
import type { Recipe } from './recipe.ts';

/** Every setting of SiamLIP. */
export type SiamlipConfiguration = RocketConfiguration & {
  /** Projectors and predictors of the term. */
  siam: { hidden: number; outputs: number };
};

/** SiamLIP (Fini et al., TMLR 2023, arXiv 2305.08675). */
export const siamlip: Recipe<SiamlipConfiguration, RocketSystem> = {
  name: 'siamlip',
  title: 'SiamLIP: CLIP-Rocket and SimSiam between pictures and captions',
  paper: 'TMLR 2023, arXiv 2305.08675',
  presets: rocketPresetsWith((name) => ({ siam: siamSection(name) })),
  check: assembleSiamlip,
  assemble: assembleSiamlip,
  memory: (config, options) => rocketMemory(config, options, siamMemory(config)),
};

function assembleSiamlip(config: SiamlipConfiguration): RocketSystem {
  return assembleClipRocket(config, siamTerm('siamlip', config));
}

/** The sizes of the paper, or in proportion to small towers. */
export function siamSection(presetName: string): SiamlipConfiguration['siam'] {
  return isSmallPreset(presetName) ? { hidden: 384, outputs: 64 } : { hidden: 2048, outputs: 128 };
}

/**
 * The term of SiamLIP and BYOLIP: they differ in where the targets come from.
 *
 * @throws `invalid-argument` for sizes that cannot be
 */
export function siamTerm(name: string, { image: { width }, siam }: SiamlipConfiguration): RocketTerm {
  requireWhole('siam.hidden', siam.hidden, 1);
  requireWhole('siam.outputs', siam.outputs, 1);
  const projector = siamLipProjector(width, siam);
  const predictor = siamLipPredictor(siam);
  return {
    name,
    init: (rng) => {
      const both = (config: MlpConfig, of: string) => ({
        image: initMlp(config, rng.fork(of, 'image')),
        text: initMlp(config, rng.fork(of, 'text')),
      });
      return { projector: both(projector, 'projector'), predictor: both(predictor, 'predictor') } as unknown as TensorTree;
    },
    loss({ heads, features, target }): Scalar {
      const online = heads as unknown as SiamHeads;
      const project = (own: SiamHeads) => (view: Tensor2D, of: Modality) => applied(projector, own.projector[of], view);
      const projections = mapViews(features, project(online)); // v
      const predictions = mapViews(projections, (view, of) => applied(predictor, online.predictor[of], view)); // p
      const targets = target ? mapViews(target.features, project(target.heads as unknown as SiamHeads)) : projections;
      return mean(siamLip(predictions, targets));
    },
  };
}

/** Every view through projector and predictor, and each prediction compared with the targets of the other modality. */
export function siamMemory({ image: { width }, rocket, siam, train }: SiamlipConfiguration): TermMemory {
  const [projector, predictor] = [siamLipProjector(width, siam), siamLipPredictor(siam)];
  const run = { views: 2 * (1 + rocket.views), rows: train.batchSize };
  const compared = 2 * (1 + rocket.views ** 2) * train.batchSize;
  const both = (config: MlpConfig) => ({ image: mlpShapes(config), text: mlpShapes(config) });
  return {
    parameters: { projector: both(projector), predictor: both(predictor) },
    passes: [mlpPass(projector, run), mlpPass(predictor, run), cosinePass(compared, siam.outputs)],
  };
}

type Modality = 'image' | 'text';
type SiamHeads = Record<'projector' | 'predictor', Record<Modality, MlpParams>>;

function applied(config: MlpConfig, params: MlpParams, view: Tensor2D): Tensor2D {
  return applyMlp(config, params, initMlpStatistics(config), view, { training: true }).output;
}
