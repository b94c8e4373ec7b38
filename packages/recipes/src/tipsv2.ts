/**
 * TIPSv2: contrastive + self-distillation + masked image modelling, with iBOT++ and a teacher whose heads alone are averaged.
 *
 * "TIPSv2: Advancing Vision-Language Pretraining with Enhanced Patch-Text Alignment", CVPR 2026, arXiv 2604.12012. The authors did not
 * release training code. What the paper leaves open (head shapes, temperatures, momenta, crop scales) is inherited from DINO, iBOT and
 * DINOv2; each such choice is said where it is made.
 *
 *   vitrail pretrain --recipe tipsv2:tiny --data scenes
 */
import {
  add,
  clone,
  mean,
  mul,
  type Rank,
  reshape,
  type Scalar,
  slice,
  squeeze,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  zeros,
} from '@tensorflow/tfjs-core';
import { cosine, createRng, mapTree, type TensorTree } from '@vitrail/core';
import { initTeacher, type TeacherPolicy, teacherParams, updateTeacher } from '@vitrail/ema';
import {
  applyPrototypeHead,
  initPrototypeHead,
  type PrototypeHeadParams,
  teacherTemperature,
  updateCenter,
} from '@vitrail/heads';
import { dino, ibotPlusPlus, infoNce, maskedMean } from '@vitrail/losses';
import { type MaskSpec, patchMask } from '@vitrail/masking';
import { requireChoice, requireRange, requireWhole, type TrainProgram } from '@vitrail/train';
import { disposeBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import { type DualEncoder, type DualEncoderParams, dualEncoder } from './dual-encoder.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

/** Every setting of TIPS and TIPSv2; the ablations of the paper are values of these. */
export type TipsConfiguration = DualEncoderConfiguration & {
  /** Patches hidden from the student: `round(ratio * N)` of every picture. */
  mask: { kind: string; ratio: number };
  /** Projection heads to prototypes, one for CLS tokens and one for patches; shapes as in DINO and iBOT. */
  heads: {
    hidden: number;
    bottleneck: number;
    prototypes: number;
    /** Steps at the start during which the prototypes are not trained (DINO: the first epoch). */
    frozenSteps: number;
  };
  loss: {
    /** `ibot++`: every patch; `ibot`: masked patches only; `none`. */
    patch: string;
    /** Weight of the patch loss; beta in the paper. */
    patchWeight: number;
    /** Weight of the global self-distillation loss; alpha in the paper. 0 leaves it out. */
    dinoWeight: number;
    studentTemperature: number;
    teacherTemperature: { from: number; to: number; steps: number };
    /** Share of the old centre that is kept at every step. */
    centerMomentum: number;
  };
  teacher: {
    /** What is averaged: `heads` (TIPSv2), `full` (TIPS), `none`. */
    policy: string;
    momentum: { from: number; to: number };
  };
};

type HeadsParams = { cls: PrototypeHeadParams; patch: PrototypeHeadParams };
type TipsParams = DualEncoderParams & { heads: HeadsParams };
type TipsCarried = { teacher: TensorTree; centers: { cls: Tensor1D; patch: Tensor1D } };
type TipsBatch = VisionTextBatch & { mask: Tensor2D };

export const tipsv2: Recipe<TipsConfiguration> = {
  name: 'tipsv2',
  title: 'TIPSv2: iBOT++, head-only EMA, captions of several granularities',
  paper: 'CVPR 2026, arXiv 2604.12012',
  presets: tipsv2Presets,
  assemble: assembleTips,
};

/** Puts TIPS or TIPSv2 together: they differ in settings only. */
export function assembleTips(config: TipsConfiguration): System<TipsParams, TipsCarried, TipsBatch> {
  requireTips(config);
  const encoder = dualEncoder(config, { masks: true });
  const mask = { kind: config.mask.kind, ratio: config.mask.ratio } as MaskSpec;
  const side = config.views.globalSize / config.image.patchSize;
  return {
    encoder,
    program: tipsProgram(config, encoder),
    ...buildOptimizer(config.optimizer, config.train.steps),
    prepare(tokenizer, batch) {
      const rng = createRng(config.train.seed).fork('mask');
      const grid = { rows: side, columns: side };
      const masks = batch.samples.map(({ epoch, index }) => patchMask(mask, grid, rng.fork(epoch, index)).mask);
      return {
        ...visionTextBatch(config, tokenizer, batch),
        mask: tensor2d(Float32Array.from(masks.flatMap((bits) => [...bits])), [masks.length, side * side]),
      };
    },
    release: disposeBatch,
  };
}

function tipsProgram(config: TipsConfiguration, encoder: DualEncoder): TrainProgram<TipsParams, TipsCarried, TipsBatch> {
  const { heads, loss, views, image } = config;
  const policy = config.teacher.policy as TeacherPolicy;
  const head = { width: image.width, hidden: heads.hidden, bottleneck: heads.bottleneck, prototypes: heads.prototypes };
  const teacherTau = teacherTemperature(loss.teacherTemperature);
  const momentum = cosine({ ...config.teacher.momentum, steps: config.train.steps });
  const studentTau = loss.studentTemperature;

  return {
    init(rng) {
      const params = {
        ...encoder.init(rng),
        heads: {
          cls: initPrototypeHead(head, rng.fork('heads', 'cls')),
          patch: initPrototypeHead(head, rng.fork('heads', 'patch')),
        },
      };
      const centers = { cls: zeros<Rank.R1>([heads.prototypes]), patch: zeros<Rank.R1>([heads.prototypes]) };
      return { params, carried: { teacher: initTeacher(policy, params), centers } };
    },

    loss(params, { teacher: averaged, centers }, batch, step) {
      const metrics: Record<string, Scalar> = {};
      const teacher = teacherParams(policy, averaged, params) as TipsParams;
      const temperature = teacherTau(step);

      // The clean crop is encoded once: for the contrastive loss and, when the encoder is not averaged, for the teacher's heads.
      const clean = encoder.encodeImages(params.image, batch.global);
      const target = policy === 'full' ? encoder.encodeImages(teacher.image, batch.global) : clean;
      const texts = encoder.encodeTexts(params.text, batch.texts);
      metrics['loss/contrastive'] = contrastiveLoss(clean.cls, texts, params.logitScale);

      // Targets. No gradient reaches them: the cross-entropy sends none to its teacher (paper, section 3.4).
      const clsTarget = applyPrototypeHead(teacher.heads.cls, firstCls(target.cls));
      const patchTarget = applyPrototypeHead(teacher.heads.patch, rows(target.patches));

      // Patches: the student sees the crop masked; iBOT++ asks it for every patch (eq. 3), iBOT for the masked ones (eq. 2).
      const masked = encoder.encodeImages(params.image, batch.global, { mask: batch.mask });
      const perPatch = ibotPlusPlus(
        { ...applyPrototypeHead(params.heads.patch, rows(masked.patches)), temperature: studentTau },
        { ...patchTarget, center: centers.patch, temperature },
        { tokens: masked.patches.shape[1] },
      ); // [B, N]
      metrics['patch/masked'] = maskedMean(perPatch, batch.mask);
      metrics['patch/visible'] = maskedMean(perPatch, visible(batch.mask));
      metrics['loss/patch'] = loss.patch === 'ibot' ? metrics['patch/masked'] : mean(perPatch);

      let total = metrics['loss/contrastive'];
      if (loss.patch !== 'none') total = add(total, mul(loss.patchWeight, metrics['loss/patch']));

      // Global self-distillation: the teacher sees the whole crop, the student local ones (eq. 1), first CLS token, mean over crops.
      if (batch.locals !== undefined && loss.dinoWeight > 0) {
        const local = encoder.encodeImages(params.image, batch.locals);
        const perCrop = dino(
          { ...applyPrototypeHead(params.heads.cls, firstCls(local.cls)), temperature: studentTau },
          { ...clsTarget, center: centers.cls, temperature },
          { crops: views.localCrops },
        ); // [B, M]
        metrics['loss/dino'] = mean(perCrop);
        total = add(total, mul(loss.dinoWeight, metrics['loss/dino']));
      }

      return {
        loss: total,
        metrics,
        auxiliary: {
          cls: updateCenter(centers.cls, clsTarget, loss.centerMomentum),
          patch: updateCenter(centers.patch, patchTarget, loss.centerMomentum),
        },
      };
    },

    carry: ({ teacher }, params, centers, step) => ({
      teacher: updateTeacher(policy, teacher, params, momentum(step)),
      centers: mapTree(centers, (center) => clone(center)) as TipsCarried['centers'],
    }),

    constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),

    trains: (path, step) => step >= heads.frozenSteps || !/^heads\.\w+\.prototypes\./.test(path),
  };
}

/** Mean over the CLS tokens, each against its own caption stream (two separate `[B, B]` problems: negatives never cross streams). */
export function contrastiveLoss(cls: Tensor3D, texts: Tensor2D, logitScale: Scalar): Scalar {
  const [size, streams, width] = cls.shape;
  const perStream = Array.from({ length: streams }, (_, k) =>
    mean<Scalar>(infoNce(clsToken(cls, k), slice(texts, [k * size, 0], [size, width]), logitScale)),
  );
  return mul(
    1 / streams,
    perStream.reduce((sum, value) => add(sum, value)),
  );
}

function firstCls(cls: Tensor3D): Tensor2D {
  return clsToken(cls, 0);
}

function clsToken(cls: Tensor3D, k: number): Tensor2D {
  return squeeze<Tensor2D>(slice(cls, [0, k, 0], [cls.shape[0], 1, cls.shape[2]]), [1]); // [B, D]
}

function rows(tokens: Tensor3D): Tensor2D {
  return reshape(tokens, [tokens.shape[0] * tokens.shape[1], tokens.shape[2]]); // [B * N, D]
}

function visible(mask: Tensor2D): Tensor {
  return add(mul(mask, -1), 1);
}

function requireTips({ loss, mask, teacher, heads, train }: TipsConfiguration): void {
  requireChoice('loss.patch', loss.patch, ['ibot++', 'ibot', 'none']);
  requireChoice('mask.kind', mask.kind, ['random', 'block']);
  requireRange('mask.ratio', mask.ratio, 0, 0.99);
  requireChoice('teacher.policy', teacher.policy, ['heads', 'full', 'none']);
  requireRange('teacher.momentum.from', teacher.momentum.from, 0, 1);
  requireRange('teacher.momentum.to', teacher.momentum.to, 0, 1);
  requireRange('loss.centerMomentum', loss.centerMomentum, 0, 1);
  requireRange('loss.studentTemperature', loss.studentTemperature, 1e-3, 10);
  requireRange('loss.teacherTemperature.from', loss.teacherTemperature.from, 1e-3, 10);
  requireRange('loss.teacherTemperature.to', loss.teacherTemperature.to, 1e-3, 10);
  requireWhole('heads.prototypes', heads.prototypes, 2);
  requireWhole('heads.frozenSteps', heads.frozenSteps, 0);
  requireWhole('train.steps', train.steps, 1);
}
