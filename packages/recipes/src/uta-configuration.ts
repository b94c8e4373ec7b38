import { VitrailError } from '@vitrail/core';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import type { EvaVitConfig, EvaVitInitialization } from '@vitrail/vit';
import type { RunConfiguration } from './configuration.ts';
import type { TeacherGrid } from './frozen-teacher.ts';
import { buildOptimizer } from './optimizer.ts';
import { requireRun } from './require-settings.ts';

/** Every setting of UTA; the baselines and ablations of the paper are values of these. */
export type UtaConfiguration = RunConfiguration & {
  /** The student, a tower of EVA-02: SwiGLU with sub-LN, rotary and learned positions. */
  image: {
    /** Side of a patch, in pixels. */
    patchSize: number;
    width: number;
    depth: number;
    /** The width of a head is a multiple of 4, for rotary positions. */
    heads: number;
    mlpHidden: number;
    initialization: EvaVitInitialization;
  };
  /** The frozen model whose tokens are the targets. */
  teacher: {
    /** A `MODEL` of the command line: a run, a folder, released weights. */
    model: string;
    /** What to do where its patches lie on another grid than the student's: refuse, or resample them. */
    grid: TeacherGrid;
    /** Whether its tokens of a picture are computed once and kept, `4 E (1 + N)` bytes each: for crops that are always the same. */
    cache: boolean;
  };
  /** Patches that the student does not see: `floor(ratio * N)` of every picture. */
  mask: {
    kind: 'random' | 'block' | 'reversed-block';
    ratio: number;
    /** Smallest area that is drawn for a block, in patches. */
    minimumArea: number;
  };
  /**
   * `uta`: masked patches are dropped, the kept ones and the CLS token are aligned. The baselines have mask tokens in their place: `mim` aligns
   * them alone, `uta+mim` every token. Feature distillation (FD) is `uta` at ratio 0.
   */
  objective: 'uta' | 'mim' | 'uta+mim';
};

/** The student, whose tokens come out in a space of `embedding` numbers. */
export function studentTower(
  { image, objective, views }: UtaConfiguration,
  embedding: number,
): EvaVitConfig & { embedding: number } {
  return {
    imageSize: views.globalSize,
    patchSize: image.patchSize,
    width: image.width,
    depth: image.depth,
    heads: image.heads,
    mlp: { kind: 'swiglu', hidden: image.mlpHidden },
    ffnNorm: true,
    rotaryGrid: 16,
    embedding,
    maskToken: objective !== 'uta',
  };
}

/** Throws `invalid-argument` naming the first setting that cannot be. */
export function requireUta(config: UtaConfiguration): void {
  const { image, teacher, mask, objective, optimizer, train, views } = config;
  requireRun(config, image.patchSize);
  buildOptimizer(optimizer, train.steps);
  for (const name of ['width', 'depth', 'heads', 'mlpHidden'] as const) requireWhole(`image.${name}`, image[name], 1);
  if (image.width % (4 * image.heads) !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `image.width must be a multiple of 4 image.heads (rotary positions turn pairs, across and down), but ${image.width} and ${image.heads} heads came`,
    );
  }
  requireChoice('image.initialization', image.initialization, ['uta', 'eva02']);
  requireChoice('teacher.grid', teacher.grid, ['equal', 'resample']);
  requireChoice('mask.kind', mask.kind, ['random', 'block', 'reversed-block']);
  requireChoice('objective', objective, ['uta', 'mim', 'uta+mim']);
  if (views.localCrops > 0) {
    throw new VitrailError(
      'invalid-argument',
      `uta sees one crop of a picture: set views.localCrops to 0, not ${views.localCrops}`,
    );
  }
  requireRange('mask.ratio', mask.ratio, 0, 1);
  requireWhole('mask.minimumArea', mask.minimumArea, 1);
  const patches = (views.globalSize / image.patchSize) ** 2;
  const masked = Math.floor(mask.ratio * patches);
  if (masked === patches) {
    throw new VitrailError(
      'invalid-argument',
      `mask.ratio is below 1: at ${mask.ratio} none of the ${patches} patches would be left to align`,
    );
  }
  if (objective !== 'uta' && masked === 0) {
    throw new VitrailError(
      'invalid-argument',
      `objective "${objective}" predicts masked patches, but mask.ratio ${mask.ratio} masks none of the ${patches}`,
    );
  }
  if (teacher.cache && !(views.flip === 0 && isWhole(views.globalScale) && isWhole(views.aspect))) {
    throw new VitrailError(
      'invalid-argument',
      'teacher.cache keeps what the teacher makes of a picture, so crops have to be the same each time: set views.flip=0 views.globalScale=[1,1] views.aspect=[1,1]',
    );
  }
}

function isWhole([from, to]: readonly [number, number]): boolean {
  return from === 1 && to === 1;
}
