/**
 * DINO: a student that sees crops of a picture is to say of each what a teacher, an average of the student, says of the other large ones.
 * Centring and sharpening keep both from saying the same of everything.
 *
 * "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021, arXiv 2104.14294.
 *
 *   L = mean over global crops u and crops v other than u of CE(P_t(u), P_s(v))          eq. 3
 *   P_t = softmax((g_t - c) / tau_t),  P_s = softmax(g_s / tau_s)                        eq. 1, section 3.1
 *   theta_t <- l theta_t + (1 - l) theta_s,  c <- m c + (1 - m) mean(g_t)               eq. 4
 *
 * Its symbols here: g_t is `teacher.image` and `teacher.heads`, l `teacher.momentum`, m `loss.centerMomentum`.
 *
 * Deviations: the tower is that of TIPS; crops are cut and mirrored, and nothing is done to their colours (DINO: jitter, blur, solarisation); one
 * weight decay for the whole run (0.04 to 0.4 there); no drop path. `loss.koLeoWeight` is DINOv2's, and 0 unless set.
 *
 *   vitrail pretrain --recipe dino:tiny --data scenes
 *
 * 600 steps, 1 minute 55 seconds of one CPU core (wasm). The loss is down from 6.2 (ln 512) to about 1.5 after 100 steps, since crops of one scene share a
 * background. Of 256 scenes never trained on, k-NN finds 0.094 (the same tower before training: 0.109; chance 0.052), the probe of patches has mIoU
 * 0.278 (0.285). On mosaics of CIFAR-10 (`--data mosaic:cifar10/train-*.tar?grid=1..2`) after 100 steps, on 512 test pictures: 0.199 (0.195; chance
 * 0.1), 0.108 (0.108).
 */
import { add, mean, mul, type Scalar, type Tensor1D, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, type TensorTree } from '@vitrail/core';
import { initTeacher, momentumSchedule, updateTeacher } from '@vitrail/ema';
import {
  applyPrototypeHead,
  initPrototypeHead,
  type PrototypeHeadParams,
  teacherTemperature,
  updateCenter,
} from '@vitrail/heads';
import { withoutGradient } from '@vitrail/ops';
import type { VitParams } from '@vitrail/vit';
import { type ImageBatch, imageBatch } from './batch.ts';
import type { ImageConfiguration } from './configuration.ts';
import { clsToken } from './contrastive-loss.ts';
import { dinoMemory } from './dino-memory.ts';
import { dinoPresets } from './dino-presets.ts';
import { imageTower } from './image-tower.ts';
import { crossCropLosses, type KoLeoSection, requireMultiCrop, spread } from './multi-crop.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { requireImageSettings } from './require-settings.ts';
import {
  distillationTarget,
  prototypesRest,
  requireSelfDistillation,
  type SelfDistillation,
  type SharpeningSection,
} from './self-distillation.ts';

/** Every setting of DINO. */
export type DinoConfiguration = ImageConfiguration &
  SelfDistillation & {
    loss: SharpeningSection & KoLeoSection;
  };

/** Parameters of DINO: the student's tower and head. */
export type DinoParams = { image: VitParams; heads: { cls: PrototypeHeadParams } };

/** What DINO carries from step to step: the averaged teacher, and the running mean of its scores, `[K]`. */
export type DinoCarried = { teacher: TensorTree; centers: { cls: Tensor1D } };

/** DINO, put together. */
export type DinoSystem = System<DinoParams & TensorTree, DinoCarried, ImageBatch>;

/** DINO (Caron et al., ICCV 2021, arXiv 2104.14294). */
export const dino: Recipe<DinoConfiguration, DinoSystem> = {
  name: 'dino',
  title: 'DINO: self-distillation between crops, without labels or texts',
  paper: 'ICCV 2021, arXiv 2104.14294',
  presets: dinoPresets,
  check: assembleDino,
  assemble: assembleDino,
  memory: dinoMemory,
};

function assembleDino(config: DinoConfiguration): DinoSystem {
  requireImageSettings(config);
  requireSelfDistillation(config);
  requireMultiCrop(config);
  const { heads, image, loss: weights, train, views } = config;
  const tower = imageTower(config, { masks: false });
  const momentum = momentumSchedule({ ...config.teacher.momentum, steps: train.steps });
  const tauT = teacherTemperature(weights.teacherTemperature);
  const tauS = weights.studentTemperature;
  const globalCrops = views.globalCrops ?? 1;

  const program: DinoSystem['program'] = {
    init(rng) {
      const head = initPrototypeHead({ width: image.width, ...heads }, rng.fork('heads', 'cls'));
      const params = { image: tower.init(rng.fork('image')), heads: { cls: head } };
      return { params, carried: { teacher: initTeacher('full', params), centers: { cls: zeros([heads.prototypes]) } } };
    },

    loss(params, { teacher, centers }, { global, locals }, step) {
      const averaged = teacher as Pick<DinoParams, 'image' | 'heads'>;
      const whole = withoutGradient(() => tower.encode(averaged.image, global).cls); // [B * G, 1, D]
      const target = distillationTarget(averaged.heads.cls, clsToken(whole, 0), centers.cls, tauT(step));

      const scores = (cls: Tensor3D) => ({ ...applyPrototypeHead(params.heads.cls, clsToken(cls, 0)), temperature: tauS });
      const seesGlobals = globalCrops > 1 || weights.koLeoWeight > 0;
      const large = seesGlobals ? tower.encode(params.image, global).cls : undefined;
      const small = locals && tower.encode(params.image, locals).cls; // [B * M, 1, D]
      const globals = large && globalCrops > 1 ? scores(large) : undefined;
      const pairs = crossCropLosses({ globals, locals: small && scores(small) }, target, views); // [B, pairs]

      const metrics: Record<string, Scalar> = { 'loss/dino': mean(pairs) };
      let total = metrics['loss/dino'];
      if (large && weights.koLeoWeight > 0) {
        metrics['loss/koleo'] = spread(large, views);
        total = add(total, mul(weights.koLeoWeight, metrics['loss/koleo']));
      }
      return { loss: total, metrics, auxiliary: { cls: updateCenter(centers.cls, target, weights.centerMomentum) } };
    },

    carry: ({ teacher }, params, centers, step) => ({
      teacher: updateTeacher('full', teacher, params, momentum(step)),
      centers: centers as DinoCarried['centers'], // the `auxiliary` of the loss
    }),

    trains: prototypesRest(heads),
  };

  return {
    model: tower.model,
    ...buildOptimizer(config.optimizer, train.steps),
    prepare: (_, batch) => imageBatch(views, batch),
    release: disposeTree,
    program,
  };
}
