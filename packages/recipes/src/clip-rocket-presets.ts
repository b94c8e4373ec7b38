import type { RocketConfiguration } from './clip-rocket-configuration.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import { contrastivePresets } from './contrastive-presets.ts';
import type { Preset } from './recipe.ts';

/**
 * The presets of `clip` with the views, projectors and constants of CLIP-Rocket: in `tiny` and `small` those of its smallest data, CC3M, and
 * projectors in proportion to the towers; in the sizes of the paper those of CC12M.
 */
export const rocketPresets: Readonly<Record<string, Preset<RocketConfiguration>>> = Object.fromEntries(
  Object.entries(contrastivePresets).map(([name, preset]) => [name, withStrongViews(name, preset)]),
);

/** Whether a preset is for two CPU cores, and not one of the sizes of the papers. */
export function isSmallPreset(name: string): boolean {
  return name === 'tiny' || name === 'small';
}

/** Presets of CLIP-Rocket with a section more. */
export function rocketPresetsWith<Section>(
  section: (name: string) => Section,
): Readonly<Record<string, Preset<RocketConfiguration & Section>>> {
  return Object.fromEntries(
    Object.entries(rocketPresets).map(([name, { note, config }]) => [name, { note, config: { ...config, ...section(name) } }]),
  );
}

function withStrongViews(name: string, { config, note }: Preset<DualEncoderConfiguration>): Preset<RocketConfiguration> {
  const small = isSmallPreset(name);
  return {
    note: small ? `${note.replace(/;.*/, '')}; two strong views: three times the work of a step of clip` : note,
    config: {
      ...config,
      image: { ...config.image, clsTokens: 1 },
      captions: { streams: [config.captions.streams.flat()] },
      train: { ...config.train, ...(name === 'tiny' && { steps: 360 }) },
      views: { ...config.views, globalScale: [0.5, 1], flip: 0 },
      loss: {
        temperature: 0.07,
        minimumTemperature: 0.01,
        strongTemperature: 0.1,
        labelSmoothing: 0.1,
        reduction: small ? 'avg' : 'sum',
      },
      rocket: {
        views: 2,
        images: 'strong',
        stopWordRemoval: 0.8,
        textAugmentation: true,
        synonyms: [],
        textDropout: small ? 0.2 : 0.05,
        separate: true,
        projector: 'mlp',
        hidden: small ? 4 * config.image.width : 4096,
        outputs: small ? config.image.width : 256,
        weakShare: 0.5,
      },
    },
  };
}
