/**
 * TIPSv2: contrastive + self-distillation + masked image modelling, with iBOT++ and a teacher whose heads alone are averaged.
 *
 * "TIPSv2: Advancing Vision-Language Pretraining with Enhanced Patch-Text Alignment", CVPR 2026, arXiv 2604.12012. The authors did not
 * release training code.
 *
 *   L = L_CLIP + alpha L_DINO + beta L_iBOT++          section 3.1, appendix A.9: alpha 1, beta 2
 *
 * Its symbols here: f_s and g are `params.image` and `params.text`; h_s is `params.heads.cls` for CLS tokens and `params.heads.patch` for
 * patches; f_t and h_t are `teacher.image` and `teacher.heads`. I is `batch.global`, I_mask the same with `batch.mask`, I_1 to I_M are
 * `batch.locals`, the captions T `batch.texts`. Alpha is `loss.dinoWeight`, beta `loss.patchWeight`.
 *
 * What the paper leaves open, and what stands here for it:
 * - reductions: means over crops, patches and pictures, where its equations sum (as in the code of DINO, iBOT and DINOv2)
 * - heads: those of DINO, one for CLS tokens and one for patches, each with its own centre; the prototypes' lengths fixed at 1 (DINO, iBOT)
 * - temperatures, centre momentum, crop scales: DINO's and DINOv2's; momentum of the heads: half a cosine, as in DINO
 * - which CLS token distils: the first (as in the figure of TIPS)
 * - masks: every picture, exactly `round(ratio N)` patches
 *
 *   vitrail pretrain --recipe tipsv2:tiny --data scenes
 *
 * 600 steps of 32 pictures, 1 minute 55 seconds of one CPU core (wasm). On 256 scenes never trained on: picture to text R@1 0.43 (guessing 0.004),
 * zero-shot segmentation mIoU 0.180 (0.012), zero-shot top 1 0.250 (0.05).
 */
import { add, mean, mul, type Scalar, sub, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import { initTeacher, momentumSchedule, teacherParams, updateTeacher } from '@vitrail/ema';
import {
  applyPrototypeHead,
  initPrototypeHead,
  type PrototypeHeadParams,
  teacherTemperature,
  updateCenter,
} from '@vitrail/heads';
import { dino, ibotPlusPlus, maskedMean } from '@vitrail/losses';
import { withoutGradient } from '@vitrail/ops';
import type { TrainProgram } from '@vitrail/train';
import { disposeBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
import { hiddenPatches } from './batch-masks.ts';
import { clsToken, contrastiveLoss } from './contrastive-loss.ts';
import { type DualEncoder, type DualEncoderParams, type DualEncoderSystem, dualEncoder } from './dual-encoder.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe } from './recipe.ts';
import { distillationTarget, prototypesRest, tokenRows } from './self-distillation.ts';
import { requireTips, type TipsConfiguration } from './tips-configuration.ts';
import { tipsMemory } from './tips-memory.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

export type { TipsConfiguration } from './tips-configuration.ts';

/** Parameters of TIPS and TIPSv2: the two towers, the temperature, and the student's heads. */
export type TipsParams = DualEncoderParams & { heads: { cls: PrototypeHeadParams; patch: PrototypeHeadParams } };

/** What TIPS and TIPSv2 carry from step to step: the averaged parts of the teacher, and the running means of its scores, `[K]` each. */
export type TipsCarried = { teacher: TensorTree; centers: { cls: Tensor1D; patch: Tensor1D } };

/** A batch with its masks, `[B, N]`: 1 for a patch that is hidden from the student. */
export type TipsBatch = VisionTextBatch & { mask: Tensor2D };

/** TIPS or TIPSv2, put together. */
export type TipsSystem = DualEncoderSystem<TipsParams, TipsCarried, TipsBatch>;

/** TIPSv2 (CVPR 2026, arXiv 2604.12012). */
export const tipsv2: Recipe<TipsConfiguration, TipsSystem> = {
  name: 'tipsv2',
  title: 'TIPSv2: iBOT++, head-only EMA, captions of several granularities',
  paper: 'CVPR 2026, arXiv 2604.12012',
  presets: tipsv2Presets,
  check: assembleTips,
  assemble: assembleTips,
  memory: tipsMemory,
};

/**
 * Puts TIPS or TIPSv2 together: they differ in settings only.
 *
 * @throws `invalid-argument` naming the setting that cannot be
 * @example assembleTips(tipsv2.presets.tiny.config).encoder.vit.maskToken // true
 */
export function assembleTips(config: TipsConfiguration): TipsSystem {
  const encoder = dualEncoder(config, { masks: true });
  requireTips(config);
  const { image, mask, train, views } = config;
  return {
    encoder,
    model: encoder.model,
    program: tipsProgram(config, encoder),
    ...buildOptimizer(config.optimizer, config.train.steps),
    prepare: (tokenizer, batch) => ({
      ...visionTextBatch(config, tokenizer, batch),
      mask: hiddenPatches({ spec: mask, side: views.globalSize / image.patchSize, seed: train.seed }, batch),
    }),
    release({ mask, ...batch }) {
      mask.dispose();
      disposeBatch(batch);
    },
  };
}

function tipsProgram(config: TipsConfiguration, encoder: DualEncoder): TrainProgram<TipsParams, TipsCarried, TipsBatch> {
  const { heads, image, loss, train, views } = config;
  const { policy } = config.teacher;
  const head = { width: image.width, hidden: heads.hidden, bottleneck: heads.bottleneck, prototypes: heads.prototypes };
  const momentum = momentumSchedule({ ...config.teacher.momentum, steps: train.steps });
  const tauT = teacherTemperature(loss.teacherTemperature);
  const tauS = loss.studentTemperature;

  return {
    init(rng) {
      const params = {
        ...encoder.init(rng),
        heads: {
          cls: initPrototypeHead(head, rng.fork('heads', 'cls')),
          patch: initPrototypeHead(head, rng.fork('heads', 'patch')),
        },
      };
      const center = (): Tensor1D => zeros([heads.prototypes]);
      return { params, carried: { teacher: initTeacher(policy, params), centers: { cls: center(), patch: center() } } };
    },

    loss(params, { teacher: averaged, centers }, batch, step) {
      // A teacher's part has the tree of the student's, whether it is an average or the student's itself.
      const teacher = teacherParams(policy, averaged, params) as Pick<TipsParams, 'image' | 'heads'>;

      // The clean crop is encoded once, for the contrastive loss and for the teacher, unless that has an encoder of its own (TIPS).
      const clean = encoder.encodeImages(params.image, batch.global);
      const whole = policy === 'full' ? withoutGradient(() => encoder.encodeImages(teacher.image, batch.global)) : clean;

      // L_CLIP: CLS token k against the captions of stream k.
      const texts = encoder.encodeTexts(params.text, batch.texts);
      const contrastive = contrastiveLoss(clean.cls, texts, params.logitScale);
      const metrics: Record<string, Scalar> = { 'loss/contrastive': contrastive };
      let total = contrastive;

      // Targets: softmax((h_t - c) / tau_t), which no gradient reaches (section 3.4).
      const clsTarget = distillationTarget(teacher.heads.cls, clsToken(whole.cls, 0), centers.cls, tauT(step));
      const patchTarget = distillationTarget(teacher.heads.patch, tokenRows(whole.patches), centers.patch, tauT(step));

      // L_iBOT++: the student sees the crop masked, and is asked for every patch (eq. 3); iBOT asks for the masked ones only (eq. 2).
      if (loss.patch !== 'none') {
        const { patches } = encoder.encodeImages(params.image, batch.global, { mask: batch.mask });
        const student = { ...applyPrototypeHead(params.heads.patch, tokenRows(patches)), temperature: tauS };
        const perPatch = ibotPlusPlus(student, patchTarget, { tokens: patches.shape[1] }); // [B, N]
        const masked = maskedMean(perPatch, batch.mask); // the mean of `ibot`, from the same cross-entropies
        metrics['patch/masked'] = masked;
        metrics['patch/visible'] = maskedMean(perPatch, sub(1, batch.mask));
        metrics['loss/patch'] = loss.patch === 'ibot' ? masked : mean(perPatch);
        total = add(total, mul(loss.patchWeight, metrics['loss/patch']));
      }

      // L_DINO: the teacher sees the whole crop, the student each of the local ones (eq. 1).
      if (loss.dinoWeight > 0 && batch.locals !== undefined) {
        const { cls } = encoder.encodeImages(params.image, batch.locals);
        const student = { ...applyPrototypeHead(params.heads.cls, clsToken(cls, 0)), temperature: tauS };
        metrics['loss/dino'] = mean(dino(student, clsTarget, { crops: views.localCrops })); // of [B, M]
        total = add(total, mul(loss.dinoWeight, metrics['loss/dino']));
      }

      // The centres of the next step: running means over every CLS token and every patch.
      const auxiliary = {
        cls: updateCenter(centers.cls, clsTarget, loss.centerMomentum),
        patch: updateCenter(centers.patch, patchTarget, loss.centerMomentum),
      };
      return { loss: total, metrics, auxiliary };
    },

    carry: ({ teacher }, params, centers, step) => ({
      teacher: updateTeacher(policy, teacher, params, momentum(step)),
      centers: centers as TipsCarried['centers'], // the `auxiliary` of the loss
    }),

    constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),

    trains: prototypesRest(heads),
  };
}
