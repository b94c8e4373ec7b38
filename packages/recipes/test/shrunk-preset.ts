import { unflattenTree } from '@vitrail/core';
import { overrideConfiguration } from '@vitrail/train';
import type { Recipe, RunConfiguration } from '../src/index.ts';
import { tinyConfig } from './tiny-system.ts';

/** Sizes with which five steps take a moment, of every section that a recipe may have. */
const sizes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  image: { patchSize: 4, width: 16, depth: 2, heads: 2, mlpHidden: 32, positionGrid: 6 },
  text: tinyConfig.text,
  views: { globalSize: 16, localSize: 8 },
  mask: { squareSize: 8 },
  heads: { hidden: 12, bottleneck: 8, prototypes: 10, frozenSteps: 1 },
  decoder: { width: 8, heads: 2, mlpHidden: 16 },
  rocket: { hidden: 10, outputs: 6 },
  siam: { hidden: 9, outputs: 5 },
  bar: { hidden: 9, outputs: 7 },
  train: { batchSize: 3, steps: 5 },
};

/** The `tiny` preset of a recipe with 16-pixel pictures and towers of width 16. */
export function shrunkPreset({ presets }: Recipe): RunConfiguration {
  const { config } = presets.tiny;
  const settings = Object.entries(sizes).flatMap(([section, values]) => {
    const own = (config as unknown as Record<string, object | undefined>)[section];
    return Object.entries(values).flatMap(([name, value]) => (own && name in own ? [[`${section}.${name}`, value]] : []));
  });
  return overrideConfiguration(config, unflattenTree<unknown>(Object.fromEntries(settings)), 'the test');
}
