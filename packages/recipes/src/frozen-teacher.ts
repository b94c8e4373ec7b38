import { concat, image, reshape, slice, type Tensor3D, type Tensor4D, tidy, zeros } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type ImagePreparation, preparedSize } from '@vitrail/data';
import {
  type AlignedModelConfig,
  type OpenedModel,
  siglip,
  siglipBigVision,
  siglipOpenClip,
  vitrailRocket,
} from '@vitrail/pretrained';
import type { NamedModel } from './recipe.ts';

/** Whose patch grid a student's targets are on. */
export type TeacherGrid = 'equal' | 'resample';

/**
 * What a frozen teacher makes of crops, in the space that it shares with texts: its CLS tokens `[B, C, E]` and all patches `[B, side^2, E]`.
 *
 * Patches of another grid are resampled to the student's, bilinearly, before anything normalises them.
 *
 * @param crops `[B, H, W, 3]`, as the teacher wants its pictures
 * @param side of the student's patch grid
 * @returns not normalised; the caller's
 * @see "Enhancing Vision-Language Model with Unmasked Token Alignment", Liu et al. 2024 (arXiv 2405.19009), section 2.2: projected tokens of
 *   the whole picture
 * @example teacherOutputs(teacher, zeros([2, 64, 64, 3]), 8).patches.shape // [2, 64, 96]
 */
export function teacherOutputs({ encoders }: OpenedModel, crops: Tensor4D, side: number): { cls: Tensor3D; patches: Tensor3D } {
  return tidy(() => {
    const { cls, patches } = encoders.image.encode(crops);
    const [batch, , , width] = patches.shape;
    const onGrid = patches.shape[1] === side ? patches : image.resizeBilinear(patches, [side, side], false, true);
    return { cls, patches: reshape(onGrid, [batch, side * side, width]) };
  });
}

/**
 * The last CLS token of {@link teacherOutputs} (of two, the one of descriptive captions) and then its patches.
 *
 * @returns `[B, 1 + side^2, E]`, not normalised; the caller's
 * @example teacherTokens(teacher, zeros([2, 64, 64, 3]), 8).shape // [2, 1 + 64, 96]
 */
export function teacherTokens(teacher: OpenedModel, crops: Tensor4D, side: number): Tensor3D {
  return tidy(() => {
    const { cls, patches } = teacherOutputs(teacher, crops, side);
    const [batch, tokens, width] = cls.shape;
    return concat<Tensor3D>([slice(cls, [0, tokens - 1, 0], [batch, 1, width]), patches], 1);
  });
}

/** What a teacher makes of a black picture of `size` pixels: the lengths of its vectors and the side of its patch grid. */
function formsOf(teacher: OpenedModel, size: number): { cls: number; patches: number; side: number } {
  return tidy(() => {
    const { cls, patches } = teacher.encoders.image.encode(zeros([1, size, size, 3]));
    return { cls: cls.shape[2], patches: patches.shape[3], side: patches.shape[1] };
  });
}

/**
 * Throws `invalid-argument` unless a teacher can look at crops of `size` pixels and give a student with `side x side` patches its targets: it
 * says what does not fit, and what setting would mend it.
 *
 * @returns E, the length of the vectors
 */
export function requireTeacher(
  teacher: OpenedModel | undefined,
  { size, side, grid }: { size: number; side: number; grid: TeacherGrid },
): { teacher: OpenedModel; embedding: number } {
  if (teacher === undefined) {
    throw new VitrailError('invalid-argument', 'this system learns from a teacher, but none came: assemble(config, teacher)');
  }
  const { patchSize, imageSize } = teacher.encoders.image;
  const name = teacher.family.name;
  if (size % patchSize !== 0) {
    const below = Math.max(1, Math.floor(size / patchSize)) * patchSize;
    throw new VitrailError(
      'invalid-argument',
      `the teacher (${name}) has patches of ${patchSize} pixels, of which crops of ${size} are no multiple: set views.globalSize to ${below} or ${below + patchSize}`,
    );
  }
  const found = formsOf(teacher, size);
  if (found.side !== side && grid === 'equal') {
    throw new VitrailError(
      'invalid-argument',
      `the teacher (${name}, made for ${imageSize} pixels) has ${found.side} x ${found.side} patches at views.globalSize ${size}, but the student ${side} x ${side}: ` +
        `set image.patchSize=${patchSize}, or teacher.grid=resample to have the teacher's patches resampled`,
    );
  }
  if (found.patches !== found.cls) {
    throw new VitrailError(
      'invalid-argument',
      `the teacher (${name}) has patches of ${found.patches} numbers, but its CLS token ${found.cls}: its patches cannot be brought into the space of its texts; choose another teacher, such as a TIPS or a CLIP`,
    );
  }
  return { teacher, embedding: found.cls };
}

/** Families whose texts are compared with a pooling of patches, behind which patches themselves are not. */
const pooledFamilies: readonly string[] = [siglip, siglipOpenClip, siglipBigVision].map(({ name }) => name);

/** Throws `invalid-argument` where the patches of a teacher, though as long as its CLS token, are not in the space of its texts. */
export function requirePatchesAmongTexts({ family }: OpenedModel): void {
  if (!pooledFamilies.includes(family.name)) return;
  throw new VitrailError(
    'invalid-argument',
    `the patches of the teacher (${family.name}) are in another space than its texts, which only its pooled pictures were compared with: choose another teacher, such as a TIPS or a CLIP`,
  );
}

/** The teacher that a setting names; throws `invalid-argument` where it is empty, as in presets. */
export function namedTeacher(recipe: string, model: string): NamedModel {
  if (model !== '') return { setting: 'teacher.model', model };
  throw new VitrailError(
    'invalid-argument',
    `${recipe} learns from a pretrained model: name it, --set teacher.model=runs/NAME (a run, a folder, or released weights)`,
  );
}

/** A teacher's preparation of pictures for a student that takes squares of `size` pixels. */
export function preparationOf({ preparation }: OpenedModel, size: number): ImagePreparation {
  const { resize } = preparation;
  const scale = size / preparedSize(preparation);
  if (resize.kind === 'square') return { ...preparation, resize: { kind: 'square', size } };
  return { ...preparation, resize: { ...resize, size: Math.round(resize.size * scale), crop: size } };
}

/**
 * The text tower of a teacher as a student's model file names it, and its tensors, which stay the teacher's; `undefined` without one.
 *
 * @throws `invalid-argument` for CLIP-Rocket, whose texts are nothing without the projectors behind both towers
 */
export function textTowerOf({ config, encoders, family, params }: OpenedModel) {
  if (encoders.text === undefined) return undefined;
  if (family.name === vitrailRocket.name) {
    throw new VitrailError(
      'invalid-argument',
      `the teacher (${family.name}) compares pictures and texts behind projectors, for which the file of a student has no place: choose another, such as a run of clip or tipsv2, or a released CLIP`,
    );
  }
  // A student that was aligned here has its text tower from somewhere else already.
  const own = config as AlignedModelConfig;
  if (own.kind === 'aligned') return { text: own.text, tensors: { text: params.text } };
  const { tokenizer: _, heads: __, ...towers } = config as { tokenizer?: unknown; heads?: unknown };
  return { text: { family: family.name, config: towers }, tensors: { text: params.text } };
}
