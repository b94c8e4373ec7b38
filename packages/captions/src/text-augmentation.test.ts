import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import words from '../fixtures/words.json' with { type: 'json' };
import { captionWords } from './caption-words.ts';
import { englishSynonyms } from './english-synonyms.ts';
import { randomDeletion } from './random-deletion.ts';
import { randomSwap } from './random-swap.ts';
import { removeStopWords } from './remove-stop-words.ts';
import { stopWords } from './stop-words.ts';
import { strongText } from './strong-text.ts';
import { synonymGroups } from './synonym-groups.ts';
import { synonymReplacement } from './synonym-replacement.ts';
import { weakText } from './weak-text.ts';

const caption = "it's a photo of the big dog, and a dog on the beach.";

/** How often each text comes out, over many streams. */
function shares(augment: (rng: ReturnType<typeof createRng>) => string, draws = 4000): Map<string, number> {
  const counts = new Map<string, number>();
  for (let sample = 0; sample < draws; sample++) {
    const text = augment(createRng(5).fork(sample));
    counts.set(text, (counts.get(text) ?? 0) + 1 / draws);
  }
  return counts;
}

function expectShares(measured: Map<string, number>, expected: Record<string, number>): void {
  expect([...measured.keys()].sort()).toEqual(Object.keys(expected).sort());
  // Five standard deviations of 4,000 draws at most.
  for (const [text, share] of Object.entries(expected))
    expect(Math.abs((measured.get(text) ?? 0) - share), text).toBeLessThan(0.04);
}

describe('captionWords', () => {
  it.each(Object.entries(words))("splits %j as NLTK's tokenizer", (text, expected) => {
    expect(captionWords(text)).toEqual(expected);
  });

  it('splits the period of abbreviations, and leaves contractions whole', () => {
    expect(captionWords('vs. the world')).toEqual(['vs', '.', 'the', 'world']);
    expect(captionWords('cannot')).toEqual(['cannot']);
    expect(captionWords(' \n')).toEqual([]);
  });
});

describe('removeStopWords', () => {
  it('leaves what is no stop word, clitics and punctuation included', () => {
    expect(removeStopWords(caption)).toBe("'s photo big dog , dog beach .");
    expect(removeStopWords("Don't PUT The dog on THE table")).toBe("n't PUT dog table");
    expect(stopWords.size).toBe(179);
  });

  it('never leaves nothing', () => {
    expect(removeStopWords('this is it')).toBe('this is it');
    expect(removeStopWords('')).toBe('');
  });
});

describe('synonymReplacement', () => {
  const synonyms = (word: string) => ({ dog: ['dog', 'hound', 'puppy'], big: ['large'], the: ['thy'] })[word] ?? [];

  it('replaces one word everywhere, each word and each synonym equally likely, and no stop word', () => {
    expectShares(
      shares((rng) => synonymReplacement('the big dog and a dog', rng, { synonyms })),
      { 'the large dog and a dog': 0.5, 'the big hound and a hound': 0.25, 'the big puppy and a puppy': 0.25 },
    );
  });

  it('leaves a caption without synonyms as it was', () => {
    expect(synonymReplacement('two  zebras', createRng(0), { synonyms })).toBe('two  zebras');
    expect(synonymReplacement('', createRng(0))).toBe('');
  });

  it('takes a table from groups: the words of every group that a word is in, and none for others', () => {
    const synonyms = synonymGroups([
      ['dog', 'hound'],
      ['mad', 'angry', 'cross'],
      ['hound', 'chase'],
    ]);
    expect(synonyms('hound')).toEqual(['dog', 'chase']);
    expect(synonyms('cross')).toEqual(['mad', 'angry']);
    expect(synonyms('cat')).toEqual([]);
  });

  it('has a table of its own whose words stand for each other', () => {
    expect(englishSynonyms('couch')).toEqual(['sofa', 'settee']);
    expect(englishSynonyms('sofa')).toContain('couch');
    expect(englishSynonyms('constructor')).toEqual([]);
    expect(synonymReplacement('a couch', createRng(1))).toMatch(/^a (sofa|settee)$/);
  });
});

describe('randomSwap', () => {
  it('exchanges two words, every pair equally likely', () => {
    expectShares(
      shares((rng) => randomSwap('a b c', rng)),
      { 'b a c': 1 / 3, 'c b a': 1 / 3, 'a c b': 1 / 3 },
    );
  });

  it('leaves a single word', () => {
    expect(randomSwap('dog', createRng(0))).toBe('dog');
  });
});

describe('randomDeletion', () => {
  it('leaves each word out with its probability', () => {
    expectShares(
      shares((rng) => randomDeletion('a b', rng, { probability: 0.4 })),
      // Both go with probability 0.16; then either stays.
      { 'a b': 0.36, a: 0.24 + 0.08, b: 0.24 + 0.08 },
    );
    const kept = shares((rng) => String(randomDeletion('a b c d e f g h i j', rng).split(' ').length));
    const mean = [...kept].reduce((sum, [length, share]) => sum + Number(length) * share, 0);
    expect(Math.abs(mean - 9)).toBeLessThan(0.08); // standard deviation 0.015
  });

  it('keeps one word of all, and a single word always', () => {
    expectShares(
      shares((rng) => randomDeletion('a b', rng, { probability: 1 })),
      { a: 0.5, b: 0.5 },
    );
    expect(randomDeletion('dog', createRng(0), { probability: 1 })).toBe('dog');
  });
});

describe('weakText and strongText', () => {
  const synonyms = (word: string) => (word === 'dog' ? ['hound'] : []);

  it('weak: removes stop words 8 times in 10, or as often as it is told', () => {
    expectShares(
      shares((rng) => weakText('a dog', rng)),
      { dog: 0.8, 'a dog': 0.2 },
    );
    expectShares(
      shares((rng) => weakText('a dog', rng, { stopWordRemoval: 0 })),
      { 'a dog': 1 },
    );
  });

  it('strong: after that exactly one operation, with the weights of CLIP-Rocket', () => {
    const augment = (rng: ReturnType<typeof createRng>) => strongText('red dog', rng, { stopWordRemoval: 0, synonyms });
    // A deletion leaves both words 81 times in 100; else one of them, equally likely.
    const one = 0.2 * 0.095;
    expectShares(shares(augment), { 'red hound': 0.4, 'dog red': 0.4, 'red dog': 0.2 * 0.81, red: one, dog: one });
  });

  it('strong: whether stop words go does not depend on the operation', () => {
    const measured = shares((rng) => strongText('a red dog', rng, { weights: { synonymReplacement: 1, identity: 3 }, synonyms }));
    expectShares(measured, { 'red hound': 0.2, 'red dog': 0.6, 'a red hound': 0.05, 'a red dog': 0.15 });
  });

  it('give no empty text and no word from elsewhere, are repeatable, and do not advance the stream', () => {
    const known = new Set(captionWords(caption));
    for (const text of [caption, 'this is it', 'dog', '...']) {
      for (let sample = 0; sample < 200; sample++) {
        const rng = createRng(8).fork(sample);
        const augmented = strongText(text, rng, { synonyms });
        expect(augmented.trim()).not.toBe('');
        for (const word of captionWords(augmented)) expect(known.has(word) || word === 'hound' || text.includes(word)).toBe(true);
        expect(strongText(text, rng, { synonyms })).toBe(augmented);
        expect(rng.uniform()).toBe(createRng(8).fork(sample).uniform());
      }
    }
    expect(strongText('', createRng(0))).toBe('');
  });
});

it('says what cannot be', () => {
  for (const wrong of [-0.1, 1.1, Number.NaN]) {
    expect(() => weakText('a', createRng(0), { stopWordRemoval: wrong })).toThrow(
      `stopWordRemoval lies in [0, 1], but ${wrong} came`,
    );
    expect(() => randomDeletion('a', createRng(0), { probability: wrong })).toThrow(
      `probability lies in [0, 1], but ${wrong} came`,
    );
  }
  const weighted = (weights: object) => () => strongText('a', createRng(0), { weights });
  expect(weighted({})).toThrow('weights are at least 0 and one is above, but identity 0');
  expect(weighted({ randomSwap: -1, identity: 2 })).toThrow('randomSwap -1');
  expect(weighted({ randomSwap: Number.NaN })).toThrow('randomSwap NaN');
});
