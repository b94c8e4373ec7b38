/**
 * Distillation of TIPSv2: the losses of its pretraining with two changes. The teacher is a trained model that stays as it is, and the student
 * sees the clean crop, so that its patches are asked for at the price of no further pass.
 *
 * "TIPSv2", CVPR 2026, arXiv 2604.12012, sections 3.1 and 3.2, table 2. Code was not released. Beside it two losses for teachers without
 * heads: affinity mimicking (TinyCLIP, ICCV 2023, arXiv 2309.12314) and feature distillation.
 *
 *   L = L_CLIP + alpha L_DINO + beta L_patch [+ gamma L_features + delta L_affinity]
 *
 * What the paper leaves open, and what stands here for it:
 * - heads: the teacher's own ones, with fresh running centres; the student's are fresh and have as many prototypes, since its tokens have
 *   another width (`heads.initialization=teacher` starts them as the teacher's where it has not)
 * - masks (rows 2 and 3 of table 2): `mask.ratio`; all patches are asked for in any case
 * - which CLS token distils: the first, as in `tipsv2`
 * - the space of features: the student's tokens go through a linear layer of their own to the teacher's width
 *
 *   vitrail pretrain --recipe distill:tiny --data scenes --steps 300 --set teacher.model=runs/TEACHER
 *
 * 2 minutes on two CPU cores (wasm), taught by 600 steps of `tipsv2:tiny`. On 256 unseen scenes, seeds 0 to 2: mIoU 0.205, with three quarters masked
 * 0.190; zero-shot top 1 0.263 and 0.257 (`docs/recipes.md`).
 */
import {
  add,
  concat,
  expandDims,
  mean,
  mul,
  type Scalar,
  slice,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import { applyPrototypeHead, teacherTemperature, updateCenter } from '@vitrail/heads';
import { affinityMimicking, dino, ibotPlusPlus, negativeCosine } from '@vitrail/losses';
import { linear } from '@vitrail/ops';
import type { OpenedModel } from '@vitrail/pretrained';
import { disposeBatch, drawnCaptions, type VisionTextBatch, visionTextBatch } from './batch.ts';
import { hiddenPatches } from './batch-masks.ts';
import { clsToken, contrastiveLoss } from './contrastive-loss.ts';
import { type DistillConfiguration, requireDistill } from './distill-configuration.ts';
import { distillMemory } from './distill-memory.ts';
import { distillPresets } from './distill-presets.ts';
import { type DistillHeads, initDistillHeads, prototypesOf, requireTeacherParts, type TeacherParts } from './distill-teacher.ts';
import { type DualEncoderParams, type DualEncoderSystem, dualEncoder } from './dual-encoder.ts';
import { namedTeacher, requireTeacher, teacherOutputs } from './frozen-teacher.ts';
import { normalizePictures } from './normalize-pictures.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe } from './recipe.ts';
import { distillationTarget, prototypesRest, tokenRows } from './self-distillation.ts';

export type { DistillConfiguration } from './distill-configuration.ts';
/** Parameters of distillation: the two towers, the temperature, and what compares them with the teacher. */
export type DistillParams = DualEncoderParams & { heads: DistillHeads };

/** The running means of the teacher's scores, `cls` and `patch`, `[K]` each; none where its heads are not compared with. */
export type DistillCarried = { centers: Readonly<Record<string, Tensor1D>> };

/** A batch with what the teacher makes of it. */
export type DistillBatch = VisionTextBatch & {
  /** 1 for a patch that is hidden from the student, `[B, N]`; absent when none is. */
  mask?: Tensor2D;
  teacher: {
    /** `[B, C, E]`. */
    cls: Tensor3D;
    /** `[B, N, E]`. */
    patches: Tensor3D;
    /** The captions of the last stream, `[B, E]`, where affinities are mimicked. */
    texts?: Tensor2D;
  };
};

/** Distillation, put together. */
export type DistillSystem = DualEncoderSystem<DistillParams & TensorTree, DistillCarried & TensorTree, DistillBatch>;

/** The distillation of TIPSv2 (CVPR 2026, arXiv 2604.12012), with affinity mimicking and feature distillation beside it. */
export const distill: Recipe<DistillConfiguration, DistillSystem> = {
  name: 'distill',
  title: 'Distillation of TIPSv2: a frozen teacher, no masking',
  paper: 'CVPR 2026, arXiv 2604.12012, section 3.2; TinyCLIP, arXiv 2309.12314',
  presets: distillPresets,
  check(config) {
    dualEncoder(config, { masks: config.mask.ratio > 0 });
    requireDistill(config);
    buildOptimizer(config.optimizer, config.train.steps);
  },
  needs: ({ teacher }) => namedTeacher('distill', teacher.model),
  assemble: assembleDistill,
  memory: distillMemory,
};

function assembleDistill(config: DistillConfiguration, opened?: OpenedModel): DistillSystem {
  const encoder = dualEncoder(config, { masks: config.mask.ratio > 0 });
  requireDistill(config);
  const { image, loss, mask, train, views } = config;
  const side = views.globalSize / image.patchSize;
  const { teacher, embedding } = requireTeacher(opened, { size: views.globalSize, side, grid: config.teacher.grid });
  const parts = requireTeacherParts(teacher, embedding, config);
  return {
    encoder,
    model: encoder.model,
    program: distillProgram(config, encoder, parts),
    ...buildOptimizer(config.optimizer, train.steps),
    prepare(tokenizer, batch) {
      const own = visionTextBatch(config, tokenizer, batch);
      const outputs = tidy(() => teacherOutputs(teacher, normalizePictures(own.global, teacher.preparation), side));
      const last = drawnCaptions(config, batch).at(-1) ?? [];
      return {
        ...own,
        ...(mask.ratio > 0 && { mask: hiddenPatches({ spec: mask, side, seed: train.seed }, batch) }),
        teacher: { ...outputs, ...(loss.affinityWeight > 0 && { texts: teacher.encodeTexts(last) }) },
      };
    },
    release({ mask: bits, teacher: outputs, ...batch }) {
      for (const tensor of [bits, outputs.cls, outputs.patches, outputs.texts]) tensor?.dispose();
      disposeBatch(batch);
    },
  };
}

function distillProgram(
  config: DistillConfiguration,
  encoder: DistillSystem['encoder'],
  parts: TeacherParts,
): DistillSystem['program'] {
  const { heads, loss, views } = config;
  const tauT = teacherTemperature(loss.teacherTemperature);
  const tauS = loss.studentTemperature;
  const prototypes = prototypesOf(parts);

  return {
    init(rng) {
      const center = (): Tensor1D => zeros([prototypes]);
      const params = { ...encoder.init(rng), heads: initDistillHeads(config, parts, rng.fork('heads')) };
      const centers: DistillCarried['centers'] = parts.heads ? { cls: center(), patch: center() } : {};
      return { params: params as DistillParams & TensorTree, carried: { centers } };
    },

    loss(params, { centers }, batch, step) {
      const clean = encoder.encodeImages(params.image, batch.global);
      // With a mask the student is asked for what it does not see; without, the clean crop has been encoded already.
      const seen = batch.mask ? encoder.encodeImages(params.image, batch.global, { mask: batch.mask }) : clean;

      // L_CLIP: CLS token k against the captions of stream k.
      const texts = encoder.encodeTexts(params.text, batch.texts);
      const contrastive = contrastiveLoss(clean.cls, texts, params.logitScale);
      const metrics: Record<string, Scalar> = { 'loss/contrastive': contrastive };
      let total = contrastive;
      const addTerm = (name: string, weight: number, term: Scalar) => {
        metrics[`loss/${name}`] = term;
        total = add(total, mul(weight, term));
      };

      let auxiliary: Readonly<Record<string, Tensor1D>> = {};
      if (parts.heads) {
        // Targets: softmax((h_t - c) / tau_t) of the teacher's own heads.
        const clsTarget = distillationTarget(parts.heads.cls, clsToken(batch.teacher.cls, 0), centers.cls, tauT(step));
        const patchTarget = distillationTarget(parts.heads.patch, tokenRows(batch.teacher.patches), centers.patch, tauT(step));
        if (params.heads.patch) {
          const student = { ...applyPrototypeHead(params.heads.patch, tokenRows(seen.patches)), temperature: tauS };
          addTerm('patch', loss.patchWeight, mean(ibotPlusPlus(student, patchTarget, { tokens: seen.patches.shape[1] })));
        }
        if (params.heads.cls && batch.locals) {
          const { cls } = encoder.encodeImages(params.image, batch.locals);
          const student = { ...applyPrototypeHead(params.heads.cls, clsToken(cls, 0)), temperature: tauS };
          addTerm('dino', loss.dinoWeight, mean(dino(student, clsTarget, { crops: views.localCrops })));
        }
        auxiliary = {
          cls: updateCenter(centers.cls, clsTarget, loss.centerMomentum),
          patch: updateCenter(centers.patch, patchTarget, loss.centerMomentum),
        };
      }
      if (params.heads.features) {
        const own = concat<Tensor3D>([expandDims<Tensor3D>(clsToken(seen.cls, 0), 1), seen.patches], 1);
        const goal = concat<Tensor3D>([expandDims<Tensor3D>(clsToken(batch.teacher.cls, 0), 1), batch.teacher.patches], 1);
        addTerm('features', loss.featureWeight, mean(negativeCosine(linear(own, params.heads.features), goal)));
      }
      if (batch.teacher.texts && parts.logitScale) {
        const [pictures, streams, width] = clean.cls.shape;
        const student = {
          images: clsToken(clean.cls, streams - 1),
          texts: slice(texts, [pictures * (streams - 1), 0], [pictures, width]),
          logitScale: params.logitScale,
        };
        const images = clsToken(batch.teacher.cls, batch.teacher.cls.shape[1] - 1);
        const goal = { images, texts: batch.teacher.texts, logitScale: parts.logitScale };
        addTerm('affinity', loss.affinityWeight, mean(affinityMimicking(student, goal)));
      }
      return { loss: total, metrics, auxiliary };
    },

    carry: (_, __, centers) => ({ centers: centers as DistillCarried['centers'] }),
    constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),
    trains: prototypesRest({ ...heads, prototypes }),
  };
}
