import { add, concat, mean, mul, reshape, type Scalar, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { dino, koLeo, type TeacherScores } from '@vitrail/losses';
import type { PrototypeScores } from '@vitrail/ops';
import { requireRange } from '@vitrail/train';
import type { ViewsSection } from './configuration.ts';
import { clsToken } from './contrastive-loss.ts';

/** The crops that a student is asked about: scores of their CLS tokens, those of a picture side by side. */
export type CropScores = {
  /** `[B * G, d]`; nothing where there is one global crop, of which the teacher is not asked twice. */
  globals?: PrototypeScores;
  /** `[B * M, d]`. */
  locals?: PrototypeScores;
};

/**
 * Self-distillation between the crops of a picture: of every global crop that the teacher sees, the student is asked from each of the others,
 * global and local.
 *
 * `loss[b, (u, v)] = -sum_k P_t[u] log P_s[v]` over global crops u and crops v other than u
 *
 * @param teacher scores of the global crops' CLS tokens, `[B * G, d]`, with the centre
 * @returns `[B, G (G - 1) + G M]`, in nats; the caller's
 * @see "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021 (arXiv 2104.14294), eq. 3
 * @example crossCropLosses({ globals, locals }, target, { globalCrops: 2, localCrops: 4 }).shape // [32, 10]
 */
export function crossCropLosses(
  { globals, locals }: CropScores,
  teacher: TeacherScores,
  { globalCrops = 1, localCrops }: Pick<ViewsSection, 'globalCrops' | 'localCrops'>,
): Tensor2D {
  const views = Array.from({ length: globalCrops }, (_, view) => view);
  return tidy(() => {
    const pairs = views.flatMap((u) => {
      const target = { ...teacher, features: ofCrop(teacher.features, u, globalCrops) };
      const fromLocals = locals ? [dino(locals, target, { crops: localCrops })] : []; // [B, M]
      const fromGlobals = views.flatMap((v) => {
        if (globals === undefined || v === u) return [];
        return [dino({ ...globals, features: ofCrop(globals.features, v, globalCrops) }, target, { crops: 1 })]; // [B, 1]
      });
      return [...fromGlobals, ...fromLocals];
    });
    return concat(pairs, 1);
  });
}

/** The regulariser that DINOv2 added. */
export type KoLeoSection = {
  /** Weight of KoLeo of the CLS tokens of global crops (DINOv2: 0.1); 0 leaves it out. */
  koLeoWeight: number;
};

/**
 * KoLeo of the student's CLS tokens, between crops of different pictures: the mean over the global crops of a picture, as DINOv2 has it but for
 * its sum.
 *
 * @param cls `[B * G, 1, D]`, before the head
 * @returns a scalar, the caller's
 */
export function spread(cls: Tensor3D, { globalCrops = 1 }: Pick<ViewsSection, 'globalCrops'>): Scalar {
  return tidy(() => {
    const rows = clsToken(cls, 0); // [B * G, D]
    const terms = Array.from({ length: globalCrops }, (_, crop) => mean<Scalar>(koLeo(ofCrop(rows, crop, globalCrops))));
    const total = terms.reduce((sum, term) => add(sum, term));
    return mul(1 / globalCrops, total);
  });
}

/** Throws `invalid-argument` unless every picture has two crops at least, of which one can be asked about the other, and for the weight of KoLeo. */
export function requireMultiCrop({ loss, views }: { loss: KoLeoSection; views: ViewsSection }): void {
  const { globalCrops = 1, localCrops } = views;
  requireRange('loss.koLeoWeight', loss.koLeoWeight, 0, 1e3);
  if (globalCrops + localCrops >= 2) return;
  throw new VitrailError(
    'invalid-argument',
    `self-distillation compares crops: set views.globalCrops to 2, or views.localCrops to 1 or more (${globalCrops} and ${localCrops} came)`,
  );
}

/** Row `view` of every picture's: `[B * G, d] -> [B, d]`. */
function ofCrop(rows: Tensor2D, view: number, crops: number): Tensor2D {
  const [count, width] = rows.shape;
  return clsToken(reshape(rows, [count / crops, crops, width]) as Tensor3D, view);
}
