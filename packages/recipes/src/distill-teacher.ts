import { type Scalar, Tensor } from '@tensorflow/tfjs-core';
import { filled, initParameters, linearShapes, mapTree, normal, type Rng, type TensorTree, VitrailError } from '@vitrail/core';
import { initPrototypeHead, type PrototypeHeadParams } from '@vitrail/heads';
import type { LinearParams } from '@vitrail/ops';
import type { OpenedModel } from '@vitrail/pretrained';
import type { DistillConfiguration } from './distill-configuration.ts';

/** What of a teacher the losses need beside its towers; the tensors stay the teacher's. */
export type TeacherParts = {
  /** Its heads to prototypes, where a loss compares with them. */
  heads?: { cls: PrototypeHeadParams; patch: PrototypeHeadParams };
  /** Its temperature, where affinities are mimicked. */
  logitScale?: Scalar;
  /** E, the length of its vectors. */
  embedding: number;
};

/** The student's heads, one for each loss that is there. */
export type DistillHeads = { cls?: PrototypeHeadParams; patch?: PrototypeHeadParams; features?: LinearParams };

/**
 * What the losses of a configuration need of a teacher.
 *
 * @param embedding E, the length of its vectors
 * @throws `invalid-argument` for a teacher that has not got it, naming the settings that do without
 */
export function requireTeacherParts(teacher: OpenedModel, embedding: number, config: DistillConfiguration): TeacherParts {
  const { loss } = config;
  return {
    embedding,
    ...((loss.patchWeight > 0 || loss.dinoWeight > 0) && { heads: requireHeads(teacher, config) }),
    ...(loss.affinityWeight > 0 && { logitScale: requireTemperature(teacher) }),
  };
}

function requireHeads({ params, family }: OpenedModel, { heads, image }: DistillConfiguration): TeacherParts['heads'] {
  const own = params.heads as Partial<NonNullable<TeacherParts['heads']>> | undefined;
  if (!own?.cls?.trunk || !own.patch?.trunk) {
    throw new VitrailError(
      'invalid-argument',
      `the teacher (${family.name}) has no heads to prototypes, with which loss.patchWeight and loss.dinoWeight compare: take a run of tipsv2 or tips, ` +
        'or set both to 0 and loss.featureWeight or loss.affinityWeight above it',
    );
  }
  const [width, hidden] = own.patch.trunk.fc1.kernel.shape;
  const [, bottleneck] = own.patch.prototypes.directions.shape;
  const fits = width === image.width && hidden === heads.hidden && bottleneck === heads.bottleneck;
  if (heads.initialization === 'teacher' && !fits) {
    throw new VitrailError(
      'invalid-argument',
      `heads.initialization "teacher" needs heads as large as the teacher's: image.width ${width}, heads.hidden ${hidden}, heads.bottleneck ${bottleneck}, ` +
        `but ${image.width}, ${heads.hidden} and ${heads.bottleneck} came; set heads.initialization=fresh`,
    );
  }
  return { cls: own.cls, patch: own.patch };
}

function requireTemperature({ params, family, encodesTexts }: OpenedModel): Scalar {
  const { logitScale } = params;
  if (encodesTexts && logitScale instanceof Tensor) return logitScale as Scalar;
  throw new VitrailError(
    'invalid-argument',
    `loss.affinityWeight mimics how near the teacher finds pictures and texts, but this one (${family.name}) has no text tower with tokenizer and temperature: set it to 0`,
  );
}

/** How many prototypes a teacher's heads have; 0 where it has none. */
export function prototypesOf({ heads }: TeacherParts): number {
  return heads?.patch.prototypes.directions.shape[0] ?? 0;
}

/** The student's heads: to as many prototypes as the teacher's, and into the space of its features. The caller's. */
export function initDistillHeads({ heads, image, loss }: DistillConfiguration, parts: TeacherParts, rng: Rng): DistillHeads {
  const { hidden, bottleneck, initialization } = heads;
  const config = { width: image.width, hidden, bottleneck, prototypes: prototypesOf(parts) };
  const head = (name: 'cls' | 'patch') =>
    initialization === 'teacher' && parts.heads
      ? mapTree(parts.heads[name], (tensor) => tensor.clone())
      : initPrototypeHead(config, rng.fork(name));
  const features = () =>
    initParameters(linearShapes(image.width, parts.embedding), rng.fork('features'), [
      ['kernel', normal(image.width ** -0.5)],
      ['bias', filled(0)],
    ]) as TensorTree & LinearParams;
  return {
    ...(loss.dinoWeight > 0 && { cls: head('cls') }),
    ...(loss.patchWeight > 0 && { patch: head('patch') }),
    ...(loss.featureWeight > 0 && { features: features() }),
  };
}
