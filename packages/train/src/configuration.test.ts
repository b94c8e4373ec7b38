import { describe, expect, test } from 'vitest';
import { overrideConfiguration, parseAssignments, requireChoice, requireRange, requireWhole } from './configuration.ts';

const defaults = {
  train: { steps: 600, seed: 0 },
  optimizer: { name: 'adamw', learningRate: 1e-3 },
  image: { cls: true, width: 64 },
  captions: { streams: [['short'], ['long', 'medium']] as readonly (readonly string[])[] },
  views: { scale: [0.3, 1] as readonly number[], extra: [] as readonly string[] },
};
const override = (overrides: Parameters<typeof overrideConfiguration>[1]) => overrideConfiguration(defaults, overrides, '--set');

describe('overrides', () => {
  test('take the place of defaults, which stay as they are', () => {
    const before = structuredClone(defaults);
    const settled = override({ train: { steps: 60 }, image: { cls: false }, optimizer: { name: 'lamb' } });
    expect(settled).toEqual({
      ...before,
      train: { steps: 60, seed: 0 },
      image: { cls: false, width: 64 },
      optimizer: { name: 'lamb', learningRate: 1e-3 },
    });
    expect(defaults).toEqual(before);
  });

  test('lists are replaced whole', () => {
    const settled = override({ views: { scale: [0.5], extra: ['a', 'b'] }, captions: { streams: [['long'], []] } });
    expect(settled.views).toEqual({ scale: [0.5], extra: ['a', 'b'] });
    expect(settled.captions.streams).toEqual([['long'], []]);
  });

  test('of nothing change nothing', () => {
    expect(override({})).toEqual(defaults);
    expect(override({ train: {} })).toEqual(defaults);
  });

  // A misspelt setting that is taken in silence wastes a whole run.
  test.each([
    [{ train: { step: 60 } }, /--set: there is no "train\.step"; did you mean "train\.steps"\?/],
    [{ optimiser: { learningRate: 1 } }, /did you mean "optimizer\.learningRate"\?/],
    [{ steps: 60 }, /there is no "steps"; did you mean "train\.steps"\?/],
    [{ widht: 60 }, /did you mean "image\.width"\?/],
    [{ train: { steps: { most: 1 } } }, /there is no "train\.steps\.most"/],
    [{ train: { 'something else': 1 } }, /there is no "train\.something else"$/],
    [{ train: 60 }, /train is a section; set one of train\.steps, train\.seed/],
    [{ train: null }, /train is a section/],
  ])('at a path that is not there: %j', (overrides, message) => {
    expect(() => override(overrides)).toThrow(
      expect.objectContaining({ code: 'unknown-name', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [{ train: { steps: '60' } }, /--set: train\.steps is a number \(600 by default\), but "60" came/],
    [{ train: { steps: Number.NaN } }, /but NaN came/],
    [{ train: { steps: Number.POSITIVE_INFINITY } }, /but Infinity came/],
    [{ train: { steps: null } }, /but null came/],
    [{ train: { steps: [60] } }, /but \[60\] came/],
    [{ train: { steps: undefined } }, /but undefined came/],
    [{ optimizer: { name: 7 } }, /optimizer\.name is a string \("adamw" by default\), but 7 came/],
    [{ image: { cls: 1 } }, /image\.cls is a boolean/],
    [{ views: { scale: 0.5 } }, /views\.scale is a list of numbers \(\[0\.3,1\] by default\), but 0\.5 came/],
    [{ views: { scale: [0.5, 'all'] } }, /views\.scale is a list of numbers/],
    [{ views: { scale: [0.5, Number.NaN] } }, /views\.scale is a list of numbers/],
    [{ views: { extra: [null] } }, /views\.extra is a list/],
    [{ captions: { streams: ['short', 'long'] } }, /captions\.streams is a list of lists/],
    [{ captions: { streams: [['short'], [1]] } }, /captions\.streams is a list of lists/],
  ])('of another type: %j', (overrides, message) => {
    expect(() => override(overrides)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringMatching(message) }),
    );
  });

  test('with a dot in a name are told to nest', () => {
    expect(() => overrideConfiguration(defaults, { 'train.steps': 60 }, 'run.json')).toThrow(/^run\.json: .*train\.steps.*nest/);
  });
});

describe('assignments', () => {
  test.each([
    ['train.steps=60', { train: { steps: 60 } }],
    ['optimizer.learningRate=1e-3', { optimizer: { learningRate: 0.001 } }],
    ['loss.patch=ibot', { loss: { patch: 'ibot' } }],
    ['image.cls=false', { image: { cls: false } }],
    ['data.train=shards/{0..3}.tar?grid=2', { data: { train: 'shards/{0..3}.tar?grid=2' } }],
    ['data.evaluate=', { data: { evaluate: '' } }],
    ['views.scale=[0.3, 1]', { views: { scale: [0.3, 1] } }],
    ['captions.streams=[["short"],["long"]]', { captions: { streams: [['short'], ['long']] } }],
    ['train={"steps":60}', { train: { steps: 60 } }],
    ['name="60"', { name: '60' }],
  ])('%s', (assignment, expected) => {
    expect(parseAssignments([assignment])).toEqual(expected);
  });

  test('several make one tree; of two for one path the last counts', () => {
    expect(parseAssignments(['a.b=1', 'a.c=2', 'a.b=3'])).toEqual({ a: { b: 3, c: 2 } });
    expect(parseAssignments([])).toEqual({});
  });

  test.each(['train.steps', '=60', 'train.steps 60'])('"%s" is none', (assignment) => {
    expect(() => parseAssignments([assignment])).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(`"${assignment}"`) }),
    );
  });

  test('a path that is a value and a section is refused', () => {
    expect(() => parseAssignments(['a=1', 'a.b=2'])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('requirements', () => {
  test('a choice: the message names the nearest', () => {
    requireChoice('loss.patch', 'ibot', ['ibot++', 'ibot', 'none']);
    expect(() => requireChoice('loss.patch', 'ibto', ['ibot++', 'ibot', 'none'])).toThrow(
      /^loss\.patch is one of ibot\+\+, ibot, none, but "ibto" came; did you mean "ibot"\?$/,
    );
    expect(() => requireChoice('loss.patch', 'something', ['ibot++', 'none'])).toThrow(/came$/);
  });

  test('a whole number', () => {
    requireWhole('train.steps', 1, 1);
    requireWhole('x', 3, 1, 3);
    for (const value of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => requireWhole('train.steps', value, 1)).toThrow(/^train\.steps is a whole number of at least 1, but .* came$/);
    }
    expect(() => requireWhole('x', 4, 1, 3)).toThrow(/^x is a whole number from 1 to 3, but 4 came$/);
  });

  test('a range, both ends included', () => {
    requireRange('x', 0, 0, 1);
    requireRange('x', 1, 0, 1);
    for (const value of [-0.1, 1.1, Number.NaN]) {
      expect(() => requireRange('x', value, 0, 1)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    }
  });
});
