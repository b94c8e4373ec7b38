import { createRng } from '@vitrail/core';
import { expect, it } from 'vitest';
import { ALT_WORDS, altText } from './alt-text.ts';
import { listPhrase, withArticle, wordsOf } from './phrases.ts';

it('lists things as sentences do', () => {
  expect(listPhrase(['a cat'])).toBe('a cat');
  expect(listPhrase(['a cat', 'a dog'])).toBe('a cat and a dog');
  expect(listPhrase(['a cat', 'a dog', 'a ship'])).toBe('a cat, a dog and a ship');
});

it('puts `an` before vowels', () => {
  expect(['airplane', 'cat', 'Emu'].map(withArticle)).toEqual(['an airplane', 'a cat', 'an Emu']);
});

it('takes words apart once each, with letters of any alphabet', () => {
  expect(wordsOf(['A Straße, a pie-chart', 'pie 3', 'été'])).toEqual(['a', 'straße', 'pie', 'chart', 'été']);
});

it('writes alt texts that name one thing or some, always among those given, with listed words only', () => {
  const names = ['sea lion', 'cat', 'dog'];
  const counts = [0, 0, 0, 0];
  const texts = Array.from({ length: 500 }, (_, seed) => altText(names, createRng(seed)));
  for (const text of texts) {
    const plain = text.replaceAll('-', ' ');
    counts[names.filter((name) => plain.includes(name)).length]++;
    const others = wordsOf([names.reduce((rest, name) => rest.replace(name, ' '), plain)]);
    expect(ALT_WORDS, text).toEqual(expect.arrayContaining(others));
  }
  expect(counts[0]).toBe(0);
  for (const count of counts.slice(1)) expect(count).toBeGreaterThan(50);
  expect(texts.some((text) => /^(sea-lion|cat|dog)-\d+\.(jpg|png|webp)$/.test(text))).toBe(true);
});
