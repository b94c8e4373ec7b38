/**
 * iBOT: DINO, whose student sees its global crops with patches hidden and is also asked what the teacher says of those. The teacher is the
 * tokenizer of masked image modelling, and learns while it is used.
 *
 * "iBOT: Image BERT Pre-Training with Online Tokenizer", ICLR 2022, arXiv 2111.07832.
 *
 *   L = L_CLS + L_MIM
 *   L_CLS = mean over global crops u and crops v other than u of CE(P_t(u), P_s(v)), global v masked          eq. 3, as DINO
 *   L_MIM = mean over global crops u and their hidden patches i of CE(P_t(u_i), P_s(masked u_i))              eq. 2
 *
 * Heads, centring and teacher as in DINO; CLS tokens and patches share one head and have centres of their own (section 3.2). Half of the global crops,
 * by chance, are not masked; of the others a share between `mask.ratio`'s two ends, in blocks (its code: `--pred_ratio 0 0.3 --pred_ratio_var 0 0.2`).
 *
 * Deviations: those of `dino`, with its `loss.koLeoWeight`; blocks are BEiT's as `patchMask` draws them, with an exact count.
 *
 *   vitrail pretrain --recipe ibot:tiny --data scenes
 *
 * 600 steps, 2 minutes 30 seconds of one CPU core (wasm). Of 256 scenes never trained on, k-NN finds 0.086 (the same tower before training: 0.109; chance 0.052),
 * the probe of patches has mIoU 0.276 (0.285): so short a run teaches the tower nothing that these measure.
 */
import { add, mean, mul, type Scalar, type Tensor1D, type Tensor2D, type Tensor3D, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, type TensorTree, VitrailError } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { initTeacher, momentumSchedule, updateTeacher } from '@vitrail/ema';
import {
  applyPrototypeHead,
  initPrototypeHead,
  type PrototypeHeadParams,
  teacherTemperature,
  updateCenter,
} from '@vitrail/heads';
import { ibot as ibotLoss } from '@vitrail/losses';
import { patchMask } from '@vitrail/masking';
import { withoutGradient } from '@vitrail/ops';
import { requireChoice, requireRange } from '@vitrail/train';
import type { VitParams } from '@vitrail/vit';
import { type ImageBatch, imageBatch } from './batch.ts';
import type { ImageConfiguration } from './configuration.ts';
import { clsToken } from './contrastive-loss.ts';
import { ibotPresets } from './dino-presets.ts';
import { ibotMemory } from './ibot-memory.ts';
import { imageTower } from './image-tower.ts';
import { crossCropLosses, type KoLeoSection, requireMultiCrop, spread } from './multi-crop.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { requireMask } from './require-mask.ts';
import { requireImageSettings } from './require-settings.ts';
import {
  distillationTarget,
  prototypesRest,
  requireSelfDistillation,
  type SelfDistillation,
  type SharpeningSection,
  tokenRows,
} from './self-distillation.ts';

/** Every setting of iBOT. */
export type IbotConfiguration = ImageConfiguration &
  SelfDistillation & {
    mask: {
      kind: 'random' | 'block';
      /** Probability that a global crop is masked at all. */
      probability: number;
      /** Least and largest share of the patches of such a crop that is hidden. */
      ratio: readonly [number, number];
    };
    loss: SharpeningSection &
      KoLeoSection & {
        /** Weight of the patch loss; 1 in the paper. */
        patchWeight: number;
      };
  };

/** Parameters of iBOT: the student's tower, and the head of CLS tokens and patches. */
export type IbotParams = { image: VitParams; heads: { shared: PrototypeHeadParams } };

/** What iBOT carries from step to step: the averaged teacher, and the running means of its scores, `[K]` each. */
export type IbotCarried = { teacher: TensorTree; centers: { cls: Tensor1D; patch: Tensor1D } };

/** A batch with the masks of its global crops, `[B * G, N]`: 1 for a patch that is hidden from the student. */
export type IbotBatch = ImageBatch & { mask: Tensor2D };

/** iBOT, put together. */
export type IbotSystem = System<IbotParams & TensorTree, IbotCarried, IbotBatch>;

/** iBOT (Zhou et al., ICLR 2022, arXiv 2111.07832). */
export const ibot: Recipe<IbotConfiguration, IbotSystem> = {
  name: 'ibot',
  title: 'iBOT: self-distillation between crops and of hidden patches',
  paper: 'ICLR 2022, arXiv 2111.07832',
  presets: ibotPresets,
  check: assembleIbot,
  assemble: assembleIbot,
  memory: ibotMemory,
};

function assembleIbot(config: IbotConfiguration): IbotSystem {
  requireImageSettings(config);
  requireSelfDistillation(config);
  requireMultiCrop(config);
  requireIbot(config);
  const { heads, image, loss: weights, train, views } = config;
  const tower = imageTower(config, { masks: true });
  const momentum = momentumSchedule({ ...config.teacher.momentum, steps: train.steps });
  const tauT = teacherTemperature(weights.teacherTemperature);
  const tauS = weights.studentTemperature;

  const program: IbotSystem['program'] = {
    init(rng) {
      const shared = initPrototypeHead({ width: image.width, ...heads }, rng.fork('heads', 'shared'));
      const params = { image: tower.init(rng.fork('image')), heads: { shared } };
      const center = (): Tensor1D => zeros([heads.prototypes]);
      return { params, carried: { teacher: initTeacher('full', params), centers: { cls: center(), patch: center() } } };
    },

    loss(params, { teacher, centers }, { global, locals, mask }, step) {
      const averaged = teacher as Pick<IbotParams, 'image' | 'heads'>;
      const whole = withoutGradient(() => {
        const { cls, patches } = tower.encode(averaged.image, global);
        return { cls, patches }; // [B * G, 1, D], [B * G, N, D]
      });
      const head = averaged.heads.shared;
      const clsTarget = distillationTarget(head, clsToken(whole.cls, 0), centers.cls, tauT(step));
      const patchTarget = distillationTarget(head, tokenRows(whole.patches), centers.patch, tauT(step));

      const scores = (tokens: Tensor2D) => ({ ...applyPrototypeHead(params.heads.shared, tokens), temperature: tauS });
      const clsScores = (cls: Tensor3D) => scores(clsToken(cls, 0));
      const large = tower.encode(params.image, global, { mask });
      const small = locals && tower.encode(params.image, locals).cls;
      const globals = (views.globalCrops ?? 1) > 1 ? clsScores(large.cls) : undefined;
      const pairs = crossCropLosses({ globals, locals: small && clsScores(small) }, clsTarget, views); // [B, pairs]

      // A crop that is not masked counts as 0, as in iBOT's code.
      const tokens = large.patches.shape[1];
      const hidden = ibotLoss(scores(tokenRows(large.patches)), patchTarget, { tokens, mask }); // [B * G]
      const metrics: Record<string, Scalar> = { 'loss/dino': mean(pairs), 'loss/patch': mean(hidden) };
      let total = add<Scalar>(metrics['loss/dino'], mul(weights.patchWeight, metrics['loss/patch']));
      if (weights.koLeoWeight > 0) {
        metrics['loss/koleo'] = spread(large.cls, views);
        total = add(total, mul(weights.koLeoWeight, metrics['loss/koleo']));
      }
      return {
        loss: total,
        metrics,
        auxiliary: {
          cls: updateCenter(centers.cls, clsTarget, weights.centerMomentum),
          patch: updateCenter(centers.patch, patchTarget, weights.centerMomentum),
        },
      };
    },

    carry: ({ teacher }, params, centers, step) => ({
      teacher: updateTeacher('full', teacher, params, momentum(step)),
      centers: centers as IbotCarried['centers'], // the `auxiliary` of the loss
    }),

    trains: prototypesRest(heads),
  };

  return {
    model: tower.model,
    ...buildOptimizer(config.optimizer, train.steps),
    prepare: (_, batch) => ({ ...imageBatch(views, batch), mask: drawCropMasks(config, batch) }),
    release: disposeTree,
    program,
  };
}

/** The masks of the global crops of a batch, `[B * G, N]`: each a pure function of (`train.seed`, epoch, sample index, crop). */
function drawCropMasks({ image, mask, train, views }: IbotConfiguration, { samples }: Batch): Tensor2D {
  const side = views.globalSize / image.patchSize;
  const rng = createRng(train.seed).fork('mask');
  const rows = samples.flatMap(({ epoch, index }) =>
    Array.from({ length: views.globalCrops ?? 1 }, (_, crop) => {
      const draw = rng.fork(epoch, index, crop);
      const ratio = draw.uniform() < mask.probability ? draw.uniform(...mask.ratio) : 0;
      return [...patchMask({ kind: mask.kind, ratio }, { rows: side, columns: side }, draw).mask];
    }),
  );
  return tensor2d(rows, [rows.length, side * side], 'float32');
}

function requireIbot({ image, loss, mask, views }: IbotConfiguration): void {
  requireRange('loss.patchWeight', loss.patchWeight, 0, 1e3);
  requireChoice('mask.kind', mask.kind, ['random', 'block']);
  requireRange('mask.probability', mask.probability, 0, 1);
  const [least, largest] = mask.ratio;
  if (!(mask.ratio.length === 2 && least >= 0 && least <= largest && largest <= 1)) {
    throw new VitrailError(
      'invalid-argument',
      `mask.ratio is two shares of the patches, 0 <= least <= largest <= 1, but ${JSON.stringify(mask.ratio)} came`,
    );
  }
  requireMask(largest, { side: views.globalSize / image.patchSize, least: 0 });
}
