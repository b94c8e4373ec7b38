import { tidy } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { overrideConfiguration, parseAssignments } from '@vitrail/train';
import { expect, it } from 'vitest';
import { hostBatch, tiny, tokenizer } from '../test/tiny-system.ts';
import { assembleTips, type TipsConfiguration, tipsv2 } from './index.ts';

const clip1 = ['image.clsTokens=1', 'captions.streams=[["alt"]]', 'loss.dinoWeight=0'];
const clip2 = ['captions.streams=[["alt"],["short"]]', 'loss.dinoWeight=0'];
const twoCls = 'captions.streams=[["alt"],["short"]]';

/** Rows of the tables as `--set`, and the terms of the loss that they leave; "visible" where visible patches count. */
const ablations: readonly (readonly [row: string, settings: readonly string[], terms: string])[] = [
  ['table 4: TIPS reproduced', ['loss.patch=ibot', 'teacher.policy=full', twoCls], 'contrastive dino patch'],
  ['table 4: + iBOT++', ['teacher.policy=full', twoCls], 'contrastive dino patch visible'],
  ['table 4: + captions of several granularities', ['teacher.policy=full'], 'contrastive dino patch visible'],
  ['table 4: + head-only EMA', [], 'contrastive dino patch visible'],
  ['section 3.4: no EMA', ['teacher.policy=none'], 'contrastive dino patch visible'],
  ['tables 9 to 11: CLIP', [...clip1, 'loss.patch=none'], 'contrastive'],
  ['tables 9 to 11: CLIP + iBOT, full EMA', [...clip1, 'loss.patch=ibot', 'teacher.policy=full'], 'contrastive patch'],
  ['tables 9 to 11: CLIP + iBOT++, full EMA', [...clip1, 'teacher.policy=full'], 'contrastive patch visible'],
  ['tables 9 to 11: CLIP + iBOT, head-only EMA', [...clip1, 'loss.patch=ibot'], 'contrastive patch'],
  ['tables 9 to 11: CLIP + iBOT++, head-only EMA', clip1, 'contrastive patch visible'],
  ['tables 9 to 11: CLIP with two CLS tokens', [...clip2, 'loss.patch=none'], 'contrastive'],
  ['tables 9 to 11: CLIP with two CLS tokens + iBOT', [...clip2, 'loss.patch=ibot'], 'contrastive patch'],
  ['tables 9 to 11: CLIP with two CLS tokens + iBOT++', clip2, 'contrastive patch visible'],
  ['table 12: mask ratio 0', ['mask.ratio=0'], 'contrastive dino patch visible'],
  ['table 12: mask ratio 0.5', ['mask.ratio=0.5'], 'contrastive dino patch visible'],
  ['table 13: 1 CLS, two sources', ['image.clsTokens=1', 'captions.streams=[["alt","short"]]'], 'contrastive dino patch visible'],
  [
    'table 13: 1 CLS, three sources',
    ['image.clsTokens=1', 'captions.streams=[["alt","short","long"]]'],
    'contrastive dino patch visible',
  ],
  ['table 13: 2 CLS, two sources', [twoCls], 'contrastive dino patch visible'],
  ['table 13: 2 CLS, three sources', ['captions.streams=[["alt"],["short","long"]]'], 'contrastive dino patch visible'],
  ['TIPS, table 1: CLIP + self-distillation', [...clip1, 'loss.dinoWeight=1', 'loss.patch=none'], 'contrastive dino'],
  ['TIPS, table 11: mask by blocks', ['loss.patch=ibot', 'mask.kind=block'], 'contrastive dino patch'],
];

/** The configuration as `vitrail pretrain --set` settles it. */
const settled = (config: TipsConfiguration, settings: readonly string[]) =>
  overrideConfiguration(config, parseAssignments(settings), '--set');

it.each(ablations)('%s is a setting', (_, settings, terms) => {
  tidy(() => {
    const config = settled(tiny(), settings);
    const { program, prepare } = assembleTips(config);
    const { params, carried } = program.init(createRng(7));
    const { loss, metrics } = program.loss(params, carried, prepare(tokenizer, hostBatch(config)), 0);
    const weights: Record<string, number> = { contrastive: 1, dino: config.loss.dinoWeight, patch: config.loss.patchWeight };
    const wanted = terms.split(' ').filter((name) => name !== 'visible');
    const values = Object.fromEntries(Object.entries(metrics).map(([name, term]) => [name, term.dataSync()[0]]));
    expect(Object.keys(values).filter((name) => name.startsWith('loss/'))).toEqual(
      expect.arrayContaining(wanted.map((name) => `loss/${name}`)),
    );
    const total = wanted.reduce((sum, name) => sum + weights[name] * values[`loss/${name}`], 0);
    expect(loss.dataSync()[0]).toBeCloseTo(total, 4);
    if (!wanted.includes('patch')) return;
    const { 'patch/masked': masked, 'patch/visible': visible, 'loss/patch': patch } = values;
    const share = Math.round(config.mask.ratio * 16) / 16;
    expect(patch).toBeCloseTo(terms.includes('visible') ? share * masked + (1 - share) * visible : masked, 4);
  });
  tipsv2.check(settled(tipsv2.presets['B/14'].config, settings));
});

it('the second stage is a setting: 448 and 140 pixels, 9,000 steps of 4,096, on the grid of positions of the first', () => {
  const stage2 = ['views.globalSize=448', 'views.localSize=140', 'train.steps=9000', 'train.batchSize=4096'];
  const [first, second] = [[], stage2].map((settings) => assembleTips(settled(tipsv2.presets['B/14'].config, settings)).encoder);
  expect(second.vit).toEqual({ ...first.vit, imageSize: 448 });
  expect(448 / second.vit.patchSize).toBe(second.vit.positionGrid); // The resized grid of the first stage is that of the second.
});
