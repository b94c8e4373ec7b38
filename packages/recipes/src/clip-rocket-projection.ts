import type { Tensor2D } from '@tensorflow/tfjs-core';
import {
  applyMlp,
  type ClipRocketProjectorParams,
  type ClipRocketProjectors,
  type ClipRocketStatistics,
  clipRocketProjector,
  type MlpConfig,
  type MlpParams,
  type MlpStatistics,
} from '@vitrail/heads';
import type { CrossModalViews } from '@vitrail/losses';
import { linear } from '@vitrail/ops';
import { hasStrongProjectors, type RocketConfiguration } from './clip-rocket-configuration.ts';

/** The projectors of a configuration. */
export function projectorsOf(config: RocketConfiguration): ClipRocketProjectors {
  const { hidden, outputs, projector } = config.rocket;
  const { width } = config.image;
  if (!hasStrongProjectors(config)) return { width, outputs };
  const strong =
    projector === 'mlp' ? clipRocketProjector(width, { hidden, outputs }) : { width, layers: [{ width: outputs, bias: false }] };
  return { width, outputs, strong };
}

/** z of the weak views and h of the strong ones, each of which is normalised by itself; and the statistics for the next step. */
export function projectViews(
  projectors: ClipRocketProjectors,
  { weak, strong }: ClipRocketProjectorParams,
  statistics: ClipRocketStatistics | undefined,
  features: CrossModalViews,
): { views: CrossModalViews; statistics?: ClipRocketStatistics } {
  const { images, texts } = features.strong;
  const linearly = (kernel: { kernel: Tensor2D }) => (view: Tensor2D) => linear(view, kernel) as Tensor2D;
  const z = { images: linearly(weak.image)(features.weak.images), texts: linearly(weak.text)(features.weak.texts) };
  if (projectors.strong === undefined || strong === undefined) {
    const h = { images: images.map(linearly(weak.image)), texts: texts.map(linearly(weak.text)) };
    return { views: { weak: z, strong: h } };
  }
  const image = projectInTurn(projectors.strong, strong.image, statistics?.image ?? {}, images);
  const text = projectInTurn(projectors.strong, strong.text, statistics?.text ?? {}, texts);
  return {
    views: { weak: z, strong: { images: image.outputs, texts: text.outputs } },
    ...(statistics && { statistics: { image: image.statistics, text: text.statistics } }),
  };
}

/** Views through one MLP, a call each, as batch norms want it; and the statistics after the last. */
function projectInTurn(config: MlpConfig, params: MlpParams, statistics: MlpStatistics, views: readonly Tensor2D[]) {
  let latest = statistics;
  const outputs = views.map((view) => {
    const { output, statistics: next } = applyMlp(config, params, latest, view, { training: true });
    latest = next;
    return output;
  });
  return { outputs, statistics: latest };
}
