import type { DistillConfiguration } from './distill-configuration.ts';
import type { Preset } from './recipe.ts';
import type { TipsConfiguration } from './tips-configuration.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

/** Presets of TIPSv2 with a frozen teacher and no masks; batch, steps and rate of the paper's distillation were not published. */
export const distillPresets: Readonly<Record<string, Preset<DistillConfiguration>>> = Object.fromEntries(
  Object.entries(tipsv2Presets)
    .filter(([name]) => name !== 'g/14') // Which is pretrained, and the teacher of the others.
    .map(([name, preset]) => [name, taught(preset)]),
);

function taught({ config, note }: Preset<TipsConfiguration>): Preset<DistillConfiguration> {
  const { data, image, text, views, captions, loss, mask, optimizer, train } = config;
  const { patch: _, ...weights } = loss;
  const { prototypes: __, ...heads } = config.heads;
  return {
    note: `${note}; and a teacher`,
    config: {
      ...{ data, image, text, views, captions, optimizer, train },
      teacher: { model: '', grid: 'equal' },
      mask: { ...mask, ratio: 0 },
      heads: { ...heads, initialization: 'fresh' },
      loss: { ...weights, featureWeight: 0, affinityWeight: 0 },
    },
  };
}
