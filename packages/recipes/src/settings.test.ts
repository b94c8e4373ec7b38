import { memory } from '@tensorflow/tfjs-core';
import { unflattenTree } from '@vitrail/core';
import { overrideConfiguration } from '@vitrail/train';
import { expect, it } from 'vitest';
import { tiny } from '../test/tiny-system.ts';
import { assembleTips, clip, tipsv2 } from './index.ts';

/** The tiny configuration with single settings replaced by path, as `--set` does. */
const withSettings = (settings: Readonly<Record<string, unknown>>) =>
  overrideConfiguration(tiny(), unflattenTree<unknown>(settings), '--set');

const shared: [settings: Record<string, unknown>, message: string][] = [
  [{ 'image.mlp': 'gelu-tan' }, 'image.mlp is one of gelu, gelu-tanh, swiglu, but "gelu-tan" came; did you mean "gelu-tanh"?'],
  [{ 'image.width': 0 }, 'image.width is a whole number of at least 2, but 0 came'],
  [{ 'image.width': 15, 'image.heads': 3, 'text.heads': 3 }, 'image.width is even'],
  [{ 'image.depth': 0 }, 'image.depth is a whole number of at least 1, but 0 came'],
  [{ 'text.depth': 1.5 }, 'text.depth is a whole number of at least 1, but 1.5 came'],
  [{ 'image.mlpHidden': 0 }, 'image.mlpHidden is a whole number of at least 1, but 0 came'],
  [{ 'text.mlpHidden': -4 }, 'text.mlpHidden is a whole number of at least 1, but -4 came'],
  [{ 'image.heads': 0 }, 'image.heads is a whole number of at least 1, but 0 came'],
  [{ 'image.heads': 3 }, 'image.heads must divide image.width, but 16 is not a multiple of 3'],
  [{ 'text.heads': 5 }, 'text.heads must divide image.width, but 16 is not a multiple of 5'],
  [{ 'image.patchSize': 0 }, 'image.patchSize is a whole number of at least 1, but 0 came'],
  [{ 'image.positionGrid': 0 }, 'image.positionGrid is a whole number of at least 1, but 0 came'],
  [{ 'image.clsTokens': 0 }, 'image.clsTokens is a whole number of at least 1, but 0 came'],
  [{ 'text.maxTokens': 0 }, 'text.maxTokens is a whole number of at least 1, but 0 came'],
  [{ 'text.vocabularySize': 256 }, 'text.vocabularySize is a whole number of at least 257, but 256 came'],
  [{ 'views.localCrops': -1 }, 'views.localCrops is a whole number of at least 0, but -1 came'],
  [{ 'views.globalSize': 18 }, 'views.globalSize must be a multiple of image.patchSize (4), but it is 18; 16 or 20 would do'],
  [{ 'views.localSize': 3 }, 'views.localSize must be a multiple of image.patchSize (4), but it is 3; 4 or 8 would do'],
  [{ 'views.localSize': 0 }, 'views.localSize is a whole number of at least 1 pixel, but 0 came'],
  [{ 'views.flip': 1.5 }, 'views.flip is a probability in [0, 1], but 1.5 came'],
  [{ 'views.globalScale': [0.5] }, 'views.globalScale is two shares of the area'],
  [{ 'views.aspect': [2, 1] }, 'views.aspect is two ratios'],
  [{ 'captions.streams': [['alt']] }, 'one list of granularities per CLS token: image.clsTokens is 2, but 1 streams came'],
  [{ 'captions.streams': [['alt'], []] }, 'every stream names a granularity (alt, short, long, ...), but stream 1 names none'],
  [{ 'loss.temperature': 0.004 }, 'loss.temperature is a number from 0.005 to 1, but 0.004 came'],
  [{ 'loss.minimumTemperature': 0 }, 'loss.minimumTemperature is a number from 0.0001 to 1, but 0 came'],
  [{ 'train.steps': 0 }, 'train.steps is a whole number of at least 1, but 0 came'],
  [{ 'train.batchSize': 0 }, 'train.batchSize is a whole number of at least 1, but 0 came'],
  [{ 'train.accumulate': 0 }, 'train.accumulate is a whole number of at least 1, but 0 came'],
  [{ 'train.seed': -1 }, 'train.seed is a whole number of at least 0, but -1 came'],
  [{ 'train.logEvery': 0 }, 'train.logEvery is a whole number of at least 1, but 0 came'],
];

const ofTips: [settings: Record<string, unknown>, message: string][] = [
  [{ 'loss.patch': 'ibot+++' }, 'loss.patch is one of ibot++, ibot, none, but "ibot+++" came; did you mean "ibot++"?'],
  [{ 'loss.patchWeight': -1 }, 'loss.patchWeight is a number from 0 to 1000, but -1 came'],
  [{ 'loss.dinoWeight': -0.5 }, 'loss.dinoWeight is a number from 0 to 1000, but -0.5 came'],
  [{ 'views.localCrops': 0 }, 'loss.dinoWeight 1 needs local crops, but views.localCrops is 0'],
  [
    { 'loss.patch': 'ibot', 'mask.ratio': 0 },
    'mask.ratio 0 hides none of the 16 patches of a crop, which are what is learned from: at least 0.063 hides one',
  ],
  [{ 'loss.studentTemperature': 0 }, 'loss.studentTemperature is a number from 0.001 to 10, but 0 came'],
  [{ 'loss.teacherTemperature.from': 0 }, 'loss.teacherTemperature.from is a number from 0.001 to 10, but 0 came'],
  [{ 'loss.teacherTemperature.to': 20 }, 'loss.teacherTemperature.to is a number from 0.001 to 10, but 20 came'],
  [{ 'loss.teacherTemperature.steps': 0.5 }, 'loss.teacherTemperature.steps is a whole number of at least 0, but 0.5 came'],
  [{ 'loss.centerMomentum': 1.1 }, 'loss.centerMomentum is a number from 0 to 1, but 1.1 came'],
  [{ 'mask.kind': 'blocks' }, 'mask.kind is one of random, block, but "blocks" came; did you mean "block"?'],
  [{ 'mask.ratio': 75 }, 'mask.ratio is a number from 0 to 1, but 75 came'],
  [{ 'mask.ratio': 1 }, 'mask.ratio 1 hides all 16 patches of a crop: at most 0.938 leaves one to be seen'],
  [{ 'mask.ratio': 0.98 }, 'mask.ratio 0.98 hides all 16 patches of a crop'],
  [{ 'teacher.policy': 'head' }, 'teacher.policy is one of heads, full, none, but "head" came; did you mean "heads"?'],
  [{ 'teacher.policy': 'frozen' }, 'teacher.policy is one of heads, full, none, but "frozen" came'],
  [{ 'teacher.momentum.from': 2 }, 'teacher.momentum.from is a number from 0 to 1, but 2 came'],
  [{ 'teacher.momentum.to': -1 }, 'teacher.momentum.to is a number from 0 to 1, but -1 came'],
  [{ 'heads.hidden': 0 }, 'heads.hidden is a whole number of at least 1, but 0 came'],
  [{ 'heads.bottleneck': 0 }, 'heads.bottleneck is a whole number of at least 1, but 0 came'],
  [{ 'heads.prototypes': 1 }, 'heads.prototypes is a whole number of at least 2, but 1 came'],
  [{ 'heads.frozenSteps': -1 }, 'heads.frozenSteps is a whole number of at least 0, but -1 came'],
];

it.each(shared)('refuses %o, of every recipe', (settings, message) => {
  for (const assemble of [tipsv2.assemble, clip.assemble]) {
    expect(() => assemble(withSettings(settings))).toThrow(message);
    expect(() => assemble(withSettings(settings))).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  }
});

it.each(ofTips)('refuses %o, of TIPS and TIPSv2', (settings, message) => {
  expect(() => assembleTips(withSettings(settings))).toThrow(message);
  expect(() => assembleTips(withSettings(settings))).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  expect(memory().numTensors).toBe(0);
});

it('accepts the ends of ranges, and what the paper leaves out', () => {
  const settings = {
    'views.localCrops': 0,
    'views.localSize': 3, // not looked at where there are no local crops
    'loss.dinoWeight': 0,
    'loss.patchWeight': 0,
    'mask.ratio': 0.96,
    'loss.centerMomentum': 0,
    'teacher.momentum.from': 1,
  };
  expect(assembleTips(withSettings(settings)).encoder.vit.width).toBe(16);
});
