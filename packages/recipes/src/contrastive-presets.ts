import type { DualEncoderConfiguration } from './configuration.ts';
import type { Preset } from './recipe.ts';
import type { TipsConfiguration } from './tips-configuration.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

/** The presets of TIPSv2 without its self-distillation and local crops: what systems with a contrastive loss alone start from. */
export const contrastivePresets: Readonly<Record<string, Preset<DualEncoderConfiguration>>> = Object.fromEntries(
  Object.entries(tipsv2Presets).map(([name, preset]) => [name, contrastiveOnly(preset)]),
);

function contrastiveOnly({ config, note }: Preset<TipsConfiguration>): Preset<DualEncoderConfiguration> {
  const { data, image, text, views, captions, loss, optimizer, train } = config;
  return {
    note,
    config: {
      data,
      image,
      text,
      views: { ...views, localCrops: 0 },
      captions,
      loss: { temperature: loss.temperature, minimumTemperature: loss.minimumTemperature },
      optimizer,
      train,
    },
  };
}
