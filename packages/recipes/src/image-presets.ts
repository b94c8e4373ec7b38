import type { ImageConfiguration } from './configuration.ts';
import type { Preset } from './recipe.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

/** What recipes of pictures alone share of a preset: a tower with one CLS token, one global crop, AdamW. */
type SharedPreset = { config: ImageConfiguration; note: string };

const { tiny, small } = tipsv2Presets;

function withoutTexts({ data, image, views, optimizer, train }: ImageConfiguration): ImageConfiguration {
  return { data, image: { ...image, clsTokens: 1 }, views: { ...views, localCrops: 0 }, optimizer, train };
}

/** A ViT with patches of 16 pixels at 224 pixels, as all four papers have it; batch, steps and rate are each paper's own. */
function paperSize(image: { width: number; depth: number; heads: number; mlpHidden: number }): ImageConfiguration {
  const { data, views, optimizer, train, ...base } = withoutTexts(tipsv2Presets['B/14'].config);
  return {
    ...base,
    data,
    image: { ...base.image, ...image, patchSize: 16, mlp: 'gelu', positionGrid: 14, initialization: 'tips' },
    views: { ...views, localSize: 96 },
    optimizer: { ...optimizer, name: 'adamw' },
    train,
  };
}

const shared = {
  tiny: { config: withoutTexts(tiny.config), note: '64 px, 8 x 8 patches, width 96; minutes on two CPU cores' },
  small: { config: withoutTexts(small.config), note: '64 px, 8 x 8 patches, width 128, 4 layers; real pictures' },
  'S/16': {
    config: paperSize({ width: 384, depth: 12, heads: 6, mlpHidden: 1536 }),
    note: "the paper's ViT-S/16 at 224 px; for several GPUs",
  },
  'B/16': {
    config: paperSize({ width: 768, depth: 12, heads: 12, mlpHidden: 3072 }),
    note: "the paper's ViT-B/16 at 224 px; for many GPUs",
  },
} as const satisfies Record<string, SharedPreset>;

/**
 * The presets of a recipe of pictures alone: by name, what it adds to the preset that all of them share.
 *
 * @example imagePresets({ tiny: (base) => ({ ...base, mask: { ratio: 0.75 } }) }).tiny.config.image.clsTokens // 1
 */
export function imagePresets<C extends ImageConfiguration>(
  complete: Partial<Record<keyof typeof shared, (base: ImageConfiguration) => C>>,
): Readonly<Record<string, Preset<C>>> {
  const presets = Object.entries(complete).map(([name, add]) => {
    const { config, note } = shared[name as keyof typeof shared];
    return [name, { config: add(config), note }];
  });
  return Object.fromEntries(presets);
}
