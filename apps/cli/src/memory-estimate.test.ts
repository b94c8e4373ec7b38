import { barlip, mae, type TipsConfiguration, tipsv2 } from '@vitrail/recipes';
import { expect, it } from 'vitest';
import { requireRoom } from './memory-estimate.ts';

const { config: tiny } = tipsv2.presets.tiny;
const { config: base } = tipsv2.presets['B/14'];
const room = { precision: 'f32', maximumTensorBytes: 2 ** 27 } as const;

it('says what a step needs, and what is not known', () => {
  const line = requireRoom(tipsv2.memory, tiny, room);
  expect(line).toMatch(/^memory: about \d+ MiB in a step \(parameters 3\.0 MiB, /);
  expect(line).toContain('the hidden layer of the captions, 4.5 MiB of at most 128 MiB');
  expect(line).toContain('does not tell how much memory');
});

it('names remat where it makes a step smaller: in a deep tower that does not run blocks again yet', () => {
  const deep = { ...tiny, image: { ...tiny.image, depth: 8 } };
  expect(requireRoom(tipsv2.memory, deep, room)).toMatch(/or --set train\.remat=true, .*: about \d+ MiB$/);
  expect(requireRoom(tipsv2.memory, { ...deep, train: { ...deep.train, remat: true } }, room)).not.toContain('remat');
  expect(requireRoom(tipsv2.memory, { ...tiny, image: { ...tiny.image, depth: 1 } }, room)).not.toContain('remat');
});

/** A configuration that a message with these settings asks for. */
function settingsIn(message: string): Record<string, number> {
  return Object.fromEntries([...message.matchAll(/([\w.]+)=(\d+)/g)].map(([, path, value]) => [path, Number(value)]));
}

function refusal(config: TipsConfiguration): string {
  try {
    requireRoom(tipsv2.memory, config, room);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

it('refuses a batch whose tensors are too large, and what it advises is accepted and makes the same step', () => {
  const message = refusal(base);
  expect(message).toContain('this GPU device allows 128 MiB');
  const { 'train.batchSize': batchSize, 'train.accumulate': accumulate } = settingsIn(message);
  expect(batchSize * accumulate).toBeGreaterThanOrEqual(8192);
  expect(batchSize * (accumulate - 1)).toBeLessThan(8192);
  const mended = { ...base, train: { ...base.train, batchSize, accumulate } };
  expect(requireRoom(tipsv2.memory, mended, room)).toContain('memory: ');
  expect(() => requireRoom(tipsv2.memory, { ...mended, train: { ...mended.train, batchSize: batchSize + 1 } }, room)).toThrow();
});

it('names the price of a smaller batch where there is a contrastive loss', () => {
  expect(refusal(base)).toContain('in the contrastive loss');
  const { config: paper } = mae.presets['B/16'];
  expect(() => requireRoom(mae.memory, paper, room)).toThrow(/train\.accumulate=\d+$/);
});

it('advises fewer prototypes and words, or smaller pictures, where these are what is too large', () => {
  const prototypes = refusal({ ...tiny, heads: { ...tiny.heads, prototypes: 2 ** 20 } });
  expect(settingsIn(prototypes)).toEqual({ 'heads.prototypes': 2 ** 19 });
  const words = refusal({ ...tiny, text: { ...tiny.text, vocabularySize: 2 ** 20 } });
  expect(settingsIn(words)['text.vocabularySize']).toBe(Math.floor(2 ** 27 / (4 * 96)));
  const { config: bar } = barlip.presets.tiny;
  const wide = { ...bar, bar: { ...bar.bar, outputs: 2 ** 14 } };
  expect(() => requireRoom(barlip.memory, wide, room)).toThrow('--set bar.outputs=5792');
  const huge = { ...tiny, views: { ...tiny.views, globalSize: 8192 }, train: { ...tiny.train, batchSize: 1 } };
  expect(refusal(huge)).toContain('take smaller pictures');
});
