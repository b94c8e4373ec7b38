import { countShapes } from '@vitrail/core';
import { clipTextPresets, clipTextShapes } from '@vitrail/text';
import { clipVitPresets, clipVitShapes } from '@vitrail/vit';
import { expect, it } from 'vitest';
import { adaLinkShapes } from './ada-link.ts';
import { loraShapes } from './lora.ts';
import { promptShapes } from './prompts.ts';
import { rankForCount } from './rank-for-count.ts';

it('brings three methods to one number of parameters on CLIP B/32', () => {
  const towers = { image: clipVitShapes(clipVitPresets['B/32']), text: clipTextShapes(clipTextPresets['B/32']) };
  const widths = { image: 768, text: 512 };
  const lora = countShapes(loraShapes({ rank: 4 }, towers));
  expect(lora).toBe(12 * 2 * 4 * 2 * (768 + 512)); // 245,760
  expect(rankForCount(lora, (rank) => loraShapes({ rank }, towers))).toBe(4);
  expect(rankForCount(lora, (rank) => adaLinkShapes({ widths, rank }))).toBe(96); // 2560 numbers per rank
  expect(rankForCount(lora, (count) => promptShapes({ count, widths }))).toBe(192); // 1280 per prompt
  // The nearest, and at least 1.
  expect(rankForCount(2560 * 3 + 1279, (rank) => adaLinkShapes({ widths, rank }))).toBe(3);
  expect(rankForCount(2560 * 3 + 1281, (rank) => adaLinkShapes({ widths, rank }))).toBe(4);
  expect(rankForCount(10, (rank) => loraShapes({ rank }, towers))).toBe(1);
  expect(() => rankForCount(0, () => ({}))).toThrow('count is a whole number of at least 1, but 0 came');
});
