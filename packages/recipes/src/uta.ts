/**
 * UTA: a student that sees a part of the patches is to find, for each of them and for its CLS token, what a frozen CLIP makes of it, who sees
 * them all. No text and no mask token; after it the student's CLS token is compared with the teacher's texts as it is.
 *
 * "Enhancing Vision-Language Model with Unmasked Token Alignment", TMLR 2024, arXiv 2405.19009. Training code was not released.
 *
 *   L = -mean over CLS and kept patches of cos(S, T)          section 2.2
 *
 * Its symbols here: S is what `applyEvaVit` gives with `keep`, T is `batch.targets`, of `teacherTokens`. Baselines of tables 6 and 8: FD is
 * `mask.ratio` 0; MIM and UTA+MIM are `objective`, whose masked patches are a learned token.
 *
 * What the paper leaves open, and what stands here for it:
 * - reversed block-wise masks at a ratio other than 0.5: the ratio stays what it is (`reversed-block` of `patchMask`)
 * - UTA+MIM: all tokens count equally
 * - betas, epsilon, norm of gradients, crops, smallest block (16 of 256 patches): EVA-02's, but for its drop path in L (0.1), which there is
 *   not; the schedule ends at 0 where the paper's ends at 1e-5
 * - the teacher: any model that can be loaded and whose patches can be compared with its texts; of two CLS tokens the last
 *
 *   vitrail pretrain --recipe uta:tiny --data scenes --steps 300 --set teacher.model=runs/TEACHER
 *
 * 1 minute on two CPU cores (wasm), taught by 600 steps of `tipsv2:tiny` (top 1 0.250, mIoU 0.182). On 256 unseen scenes, seeds 0 to 2: zero-shot top 1
 * 0.246 (guessing 0.05), mIoU 0.201; UTA+MIM 0.214 and 0.147, MIM 0.164 and 0.094 (`docs/recipes.md`).
 */
import {
  concat,
  mean,
  neg,
  type Scalar,
  slice,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import { maskedCosine, negativeCosine, uta as utaLoss } from '@vitrail/losses';
import type { AlignedModelConfig, OpenedModel } from '@vitrail/pretrained';
import { applyEvaVit, type EvaVitParams, initEvaVit } from '@vitrail/vit';
import { hiddenPatches, keptPatches } from './batch-masks.ts';
import { namedTeacher, preparationOf, requirePatchesAmongTexts, requireTeacher, textTowerOf } from './frozen-teacher.ts';
import { normalizePictures } from './normalize-pictures.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { targetCache } from './target-cache.ts';
import { requireUta, studentTower, type UtaConfiguration } from './uta-configuration.ts';
import { utaMemory } from './uta-memory.ts';
import { utaPresets } from './uta-presets.ts';

export type { UtaConfiguration } from './uta-configuration.ts';

/** Parameters of UTA: the student. */
export type UtaParams = { image: EvaVitParams };

/** The tensors of one micro-batch of `B` pictures; one of `keep` and `mask` is there. */
export type UtaBatch = {
  /** Crops as student and teacher see them, `[B, H, W, 3]`. */
  crops: Tensor4D;
  /** The teacher's CLS token and patches, `[B, 1 + N, E]`. */
  targets: Tensor3D;
  /** Patches that are kept, `[B, K]`. */
  keep?: Tensor2D;
  /** 1 for patches that a mask token stands for, `[B, N]`. */
  mask?: Tensor2D;
};

/** UTA, put together. */
export type UtaSystem = System<UtaParams & TensorTree, Record<string, never>, UtaBatch>;

/** UTA (TMLR 2024, arXiv 2405.19009), its first stage. */
export const uta: Recipe<UtaConfiguration, UtaSystem> = {
  name: 'uta',
  title: 'UTA: the kept patches of a student aligned with a frozen CLIP',
  paper: 'TMLR 2024, arXiv 2405.19009',
  presets: utaPresets,
  check: requireUta,
  needs: ({ teacher }) => namedTeacher('uta', teacher.model),
  assemble: assembleUta,
  memory: utaMemory,
};

function assembleUta(config: UtaConfiguration, opened?: OpenedModel): UtaSystem {
  requireUta(config);
  const { image, mask, objective, train, views } = config;
  const side = views.globalSize / image.patchSize;
  const { teacher, embedding } = requireTeacher(opened, { size: views.globalSize, side, grid: config.teacher.grid });
  requirePatchesAmongTexts(teacher);
  const tower = studentTower(config, embedding);
  const preparation = preparationOf(teacher, views.globalSize);
  const text = textTowerOf(teacher);
  const targets = targetCache(teacher, { side, keeps: config.teacher.cache });
  // The counts are those of the paper: 102 of 256 at a ratio of 0.4.
  const spec = { ...mask, ratio: Math.floor(mask.ratio * side ** 2) / side ** 2 };

  return {
    model: {
      describe(tokenizer) {
        const description: AlignedModelConfig = {
          kind: 'aligned',
          tower,
          preparation,
          ...(text && { text: text.text, tokenizer: tokenizer?.toJSON() }),
        };
        return description;
      },
      further: () => text?.tensors ?? {},
    },
    ...buildOptimizer(config.optimizer, train.steps),
    prepare(_, batch) {
      const size = batch.samples.length;
      const crops = tidy(() =>
        normalizePictures(tensor4d(batch.global, [size, views.globalSize, views.globalSize, 3]), preparation),
      );
      const draw = { spec, side, seed: train.seed };
      const hidden = objective === 'uta' ? { keep: keptPatches(draw, batch) } : { mask: hiddenPatches(draw, batch) };
      return { crops, targets: targets.of(crops, batch.samples), ...hidden };
    },
    release({ crops, targets: tokens, keep, mask: bits }) {
      for (const tensor of [crops, tokens, keep, bits]) tensor?.dispose();
    },
    dispose: targets.dispose,
    program: {
      init: (rng) => ({
        params: { image: initEvaVit(tower, rng.fork('image'), { initialization: image.initialization }) } as UtaParams &
          TensorTree,
        carried: {},
      }),
      loss(params, _, { crops, targets: teacherTokens, keep, mask: bits }) {
        const { cls, patches } = applyEvaVit(tower, params.image, crops, { keep, mask: bits, remat: train.remat });
        const student = concat([cls, patches], 1); // [B, 1 + K, E]
        const perToken = keep ? utaLoss(student, teacherTokens, keep) : negativeCosine<Tensor2D>(student, teacherTokens);
        const alignment =
          bits && objective === 'mim'
            ? mean<Scalar>(maskedCosine(patches, patchesOf(teacherTokens), bits))
            : mean<Scalar>(perToken);
        const [pictures, tokens] = perToken.shape;
        const metrics = {
          'loss/alignment': alignment,
          'cosine/cls': neg(mean<Scalar>(slice(perToken, [0, 0], [pictures, 1]))),
          'cosine/patches': neg(mean<Scalar>(slice(perToken, [0, 1], [pictures, tokens - 1]))),
        };
        return { loss: alignment, metrics, auxiliary: {} };
      },
      carry: () => ({}),
    },
  };
}

/** `[B, 1 + N, E] -> [B, N, E]`. */
function patchesOf(tokens: Tensor3D): Tensor3D {
  const [batch, all, width] = tokens.shape;
  return slice(tokens, [0, 1, 0], [batch, all - 1, width]);
}
