import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { type CaptionStreams, type Captions, drawCaptions, tipsStreams, tipsv2Streams } from './draw-captions.ts';

const captions = { alt: 'IMG_12 dog', short: 'a dog on sand', long: 'a brown dog runs over wet sand' };

/** How often each text comes for one stream, over many pictures. */
function frequencies(of: Captions, streams: CaptionStreams, stream: number, draws = 4000): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let sample = 0; sample < draws; sample++) {
    const text = drawCaptions(of, streams, createRng(9).fork(0, sample))[stream];
    counts[text] = (counts[text] ?? 0) + 1 / draws;
  }
  return counts;
}

it('has the streams of the papers: alt-text first, then short captions, or short and long ones', () => {
  expect(drawCaptions(captions, tipsStreams, createRng(0))).toEqual([captions.alt, captions.short]);
  expect(tipsv2Streams).toEqual([['alt'], ['short', 'long']]);
});

it('draws each granularity of a stream equally often, however many texts each has', () => {
  const many = { ...captions, short: ['s1', 's2', 's3'] };
  expect(frequencies(many, tipsv2Streams, 0)).toEqual({ [captions.alt]: expect.closeTo(1) });
  const second = frequencies(many, tipsv2Streams, 1);
  expect(Object.keys(second).sort()).toEqual([captions.long, 's1', 's2', 's3']);
  expect(Math.abs(second[captions.long] - 1 / 2)).toBeLessThan(0.04);
  for (const text of ['s1', 's2', 's3']) expect(Math.abs(second[text] - 1 / 6)).toBeLessThan(0.03);
});

describe('when captions are missing', () => {
  const only = (of: Captions, streams: CaptionStreams = tipsv2Streams) => {
    const drawn = Array.from({ length: 40 }, (_, sample) => drawCaptions(of, streams, createRng(1).fork(sample)));
    return streams.map((_, stream) => [...new Set(drawn.map((texts) => texts[stream]))].sort());
  };

  it('draws among those that are there; blank ones are not', () => {
    expect(only({ alt: 'a', long: 'l' })).toEqual([['a'], ['l']]);
    expect(only({ alt: 'a', short: ' \n', long: ['', 'l1', '\t', 'l2'] })).toEqual([['a'], ['l1', 'l2']]);
  });

  it('takes the first that the other streams name, then the first of the picture', () => {
    expect(only({ long: 'l', short: 's' })).toEqual([['s'], ['l', 's']]);
    expect(only({ long: 'l', alt: '' })).toEqual([['l'], ['l']]);
    expect(only({ alt: ['a1', 'a2'] })).toEqual([
      ['a1', 'a2'],
      ['a1', 'a2'],
    ]);
    expect(only({ title: 't', tags: 'g' })).toEqual([['t'], ['t']]);
    expect(only({ title: 't', short: 's' }, [['alt'], ['short']])).toEqual([['s'], ['s']]);
  });

  it('does not take a name of every object for a granularity', () => {
    expect(only({ alt: 'a' }, [['constructor'], ['toString']])).toEqual([['a'], ['a']]);
  });

  it('says so when there is no text at all', () => {
    const missing = (message: string) =>
      expect.objectContaining({ code: 'missing-data', message: expect.stringContaining(message) });
    expect(() => drawCaptions({}, tipsStreams, createRng(0))).toThrow(missing('but no captions came'));
    expect(() => drawCaptions({ alt: ' ', short: [] }, tipsStreams, createRng(0))).toThrow(
      missing('but only blank texts, under alt, short, came'),
    );
  });
});

describe('is a pure function of its arguments', () => {
  const rng = () => createRng(3).fork(2, 17);

  it('gives the same texts for the same stream of numbers, and does not advance it', () => {
    const reused = rng();
    const first = drawCaptions(captions, tipsv2Streams, reused);
    for (let again = 0; again < 8; again++) expect(drawCaptions(captions, tipsv2Streams, reused)).toEqual(first);
    expect(reused.uniform()).toBe(rng().uniform());
  });

  it('draws every stream for itself: two of the same list differ, and adding one changes no other', () => {
    const [one, two] = [
      [['short', 'long']],
      [
        ['short', 'long'],
        ['short', 'long'],
      ],
    ];
    let different = 0;
    for (let sample = 0; sample < 200; sample++) {
      const both = drawCaptions(captions, two, createRng(0).fork(sample));
      expect(drawCaptions(captions, one, createRng(0).fork(sample))).toEqual([both[0]]);
      if (both[0] !== both[1]) different++;
    }
    expect(Math.abs(different - 100)).toBeLessThan(36); // standard deviation 7.1
  });
});

it('refuses streams that ask for nothing', () => {
  expect(() => drawCaptions(captions, [], createRng(0))).toThrow('there is at least one stream');
  expect(() => drawCaptions(captions, [['alt'], []], createRng(0))).toThrow('but stream 1 names none');
});
