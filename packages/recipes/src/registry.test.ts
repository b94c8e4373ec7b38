import { memory } from '@tensorflow/tfjs-core';
import { textParameterCount, textPresets } from '@vitrail/text';
import { vitParameterCount, vitPresets } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { findRecipe, recipes, tipsv2 } from './index.ts';

/** The list that messages end in. */
const known = recipes.map(({ name }) => name).join(', ');

describe('findRecipe', () => {
  it('finds recipe and preset by name; the preset is tiny where none is named', () => {
    const found = findRecipe('tips:So400m/14');
    expect(found.recipe.name).toBe('tips');
    expect(found.presetName).toBe('So400m/14');
    expect(found.preset).toBe(found.recipe.presets['So400m/14']);
    expect(findRecipe('clip').presetName).toBe('tiny');
  });

  it.each([
    ['tipv2', `there is no recipe "tipv2"; did you mean "tipsv2"? (there are: ${known})`],
    ['TIPSV2:small', 'there is no recipe "TIPSV2"; did you mean "tipsv2"?'],
    ['', `there is no recipe "" (there are: ${known})`],
    ['something-else', `there is no recipe "something-else" (there are: ${known})`],
    [
      'tipsv2:smal',
      'there is no preset of tipsv2 "smal"; did you mean "small"? (there are: tiny, small, B/14, L/14, So400m/14, g/14)',
    ],
    ['clip:b14', 'there is no preset of clip "b14"; did you mean "B/14"?'],
    ['tipsv2:', 'there is no preset of tipsv2 "" (there are:'],
    ['tipsv2:tiny:small', 'there is no preset of tipsv2 "tiny:small"'],
    ['tipsv2:constructor', 'there is no preset of tipsv2 "constructor"'],
  ])('says of "%s" what there is', (name, message) => {
    expect(() => findRecipe(name)).toThrow(message);
    expect(() => findRecipe(name)).toThrow(expect.objectContaining({ code: 'unknown-name' }));
  });
});

describe('presets', () => {
  /** Millions of parameters: TIPSv2, table 16 (images, positions on 32 x 32; without the mask token) and released text towers. */
  const published: Record<string, { image: number; text: number }> = {
    'B/14': { image: 86.3, text: 109.6 },
    'L/14': { image: 303.97, text: 183.9 },
    'So400m/14': { image: 413.33, text: 448.3 },
    'g/14': { image: 1135.8, text: 389.1 },
  };

  it.each(Object.entries(published))('%s has towers of the published sizes', (name, { image, text }) => {
    const { encoder } = tipsv2.assemble(tipsv2.presets[name].config);
    const millions = (count: number, decimals: number) => Number((count / 1e6).toFixed(decimals));
    const withoutMaskToken = vitParameterCount(encoder.vit) - encoder.vit.width;
    expect(millions(withoutMaskToken, image === 86.3 || image === 1135.8 ? 1 : 2)).toBe(image);
    expect(millions(textParameterCount(encoder.text), 1)).toBe(text);
    // And they are the towers that vit and text name, at the crop size of the first stage.
    const size = name as 'B/14';
    expect(encoder.vit).toEqual({ ...vitPresets[size], imageSize: 224, maskToken: true });
    expect(encoder.text).toEqual(textPresets[size.split('/')[0] as 'B']);
  });

  it.each(recipes.flatMap(({ name, presets }) => Object.keys(presets).map((preset) => `${name}:${preset}`)))(
    '%s can be assembled, allocating nothing, and says what it is for',
    (name) => {
      const { recipe, preset } = findRecipe(name);
      const before = memory().numTensors;
      recipe.check(preset.config);
      expect(memory().numTensors).toBe(before);
      expect(preset.note.length).toBeGreaterThan(10);
      if (recipe.needs !== undefined) return; // What it is put together with has to be loaded first.
      const { learningRate } = recipe.assemble(preset.config);
      expect(memory().numTensors).toBe(before);
      const { steps } = preset.config.train;
      const rates = [0, Math.floor(steps / 2), steps - 1].map(learningRate);
      expect(Math.max(...rates)).toBeLessThanOrEqual(preset.config.optimizer.learningRate);
      expect(Math.min(...rates)).toBeGreaterThan(0);
    },
  );

  it('that recipes of other papers have from TIPSv2 say whose sizes they are', () => {
    for (const { name, presets } of recipes.filter((recipe) => Object.hasOwn(recipe.presets, 'So400m/14'))) {
      for (const size of ['B/14', 'L/14', 'So400m/14']) expect(presets[size].note, name).toContain("TIPSv2's");
    }
  });

  it('of the paper have its crops, masks, weights, batch and steps', () => {
    for (const name of Object.keys(published)) {
      const { image, loss, mask, optimizer, train, views } = tipsv2.presets[name].config;
      expect([views.globalSize, views.localSize, views.localCrops, image.patchSize]).toEqual([224, 98, 6, 14]);
      expect([mask.kind, mask.ratio]).toEqual(['random', 0.75]);
      expect([loss.dinoWeight, loss.patchWeight, loss.patch]).toEqual([1, 2, 'ibot++']);
      expect([optimizer.name, train.batchSize * train.accumulate, train.steps]).toEqual(['adafactor', 8192, 90000]);
    }
  });
});
