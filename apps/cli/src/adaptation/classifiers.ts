import { dispose, tidy } from '@tensorflow/tfjs-core';
import {
  type Adapter,
  adaptedClassifier,
  createAdapter,
  type FewShotClassifier,
  linearProbe,
  zeroShotClassifier,
} from '@vitrail/adapt';
import { tclTemplates } from '@vitrail/captions';
import { createRng } from '@vitrail/core';
import type { SampleSource } from '@vitrail/data';
import { textBatch } from '@vitrail/recipes';
import type { AdaptableModel } from './adaptable-model.ts';
import { adapterConfig, type MethodSettings } from './method.ts';

/** The classifiers of one model for the classes of one source. */
export type Classifiers = {
  /** The model as it is. */
  readonly zeroShot: FewShotClassifier;
  /** With something that is trained. */
  readonly adapted: FewShotClassifier;
  /** Releases the prompts of the classes. */
  dispose(): void;
};

/**
 * Both, with the prompts that evaluations use: those of the source, or the nine of TCL.
 *
 * @throws `invalid-argument` for learned prompts that leave texts no room: here, and not only in the first step.
 */
export function buildClassifiers(
  { towers, base, tokenizer, scale, embedding }: AdaptableModel,
  adapter: Adapter | undefined,
  { classNames, templates = tclTemplates }: Pick<SampleSource, 'templates'> & { readonly classNames: readonly string[] },
): Classifiers {
  const texts = classNames.flatMap((name) => templates.map((template) => template.replaceAll('{}', () => name)));
  const prompts = { inputs: textBatch(tokenizer, texts), classes: classNames.length, scale };
  const zeroShot = zeroShotClassifier(towers, base, prompts);
  const adapted = adapter
    ? adaptedClassifier(adapter, base, prompts)
    : linearProbe(zeroShot, { embedding, classes: classNames.length, scale });
  const release = () => dispose({ ...prompts.inputs });
  try {
    dispose(tidy(() => adapted.head(adapted.init(createRng(0))).kernel));
  } catch (error) {
    release();
    throw error;
  }
  return { zeroShot, adapted, dispose: release };
}

/** The adapter of the settings; a linear probe has none. */
export function adapterOf(settings: MethodSettings, { towers }: AdaptableModel): Adapter | undefined {
  return settings.method === 'linear-probe' ? undefined : createAdapter(adapterConfig(settings), towers);
}

/** The width of every tower that is adapted; a linear probe goes with the space that both share. */
export function widthsOf({ towers, embedding }: AdaptableModel, { towers: modalities }: MethodSettings): Record<string, number> {
  if (modalities.length === 0) return { embedding };
  return Object.fromEntries(modalities.map((modality) => [modality, towers[modality].width]));
}
