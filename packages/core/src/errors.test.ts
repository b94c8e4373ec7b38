import { describe, expect, it } from 'vitest';
import { isVitrailError, nearestName, VitrailError } from './errors.ts';

describe('VitrailError', () => {
  it('is an error with a code, a message and a cause', () => {
    const cause = new Error('disk');
    const error = new VitrailError('io', 'no room', { cause });
    expect(error).toBeInstanceOf(Error);
    expect({ ...error, message: error.message, cause: error.cause }).toMatchObject({ code: 'io', message: 'no room', cause });
    expect(String(error)).toBe('VitrailError: no room');
    expect(error.stack).toContain('errors.test.ts');
  });

  it('is recognised by its mark, so that an error of another copy of the package is one too', () => {
    const ofAnotherCopy = Object.assign(new Error('io'), { [Symbol.for('vitrail.error')]: true });
    expect(isVitrailError(new VitrailError('io', ''))).toBe(true);
    expect(isVitrailError(ofAnotherCopy)).toBe(true);
  });

  it.each([[new Error('io')], [{ code: 'io', name: 'VitrailError' }], [null], [undefined], ['VitrailError']])(
    'is not %s',
    (value) => {
      expect(isVitrailError(value)).toBe(false);
    },
  );
});

describe('nearestName', () => {
  it.each<[name: string, candidates: string[], nearest: string | undefined]>([
    ['tispv2', ['clip', 'tips', 'tipsv2'], 'tipsv2'],
    ['wsam', ['cpu', 'wasm', 'webgpu'], 'wasm'],
    ['CPU', ['webgpu', 'cpu'], 'cpu'],
    ['clip', ['clip-rocket', 'clip'], 'clip'],
    ['optimizer.learnignRate', ['optimizer.learningRate', 'optimizer.beta1'], 'optimizer.learningRate'],
    // Three of nine letters may differ, four may not.
    ['abcdefghi', ['abcdefXYZ'], 'abcdefXYZ'],
    ['abcdefghi', ['abcdeWXYZ'], undefined],
    // Two may, however short the name, unless nothing would be left of it.
    ['uta', ['u'], 'u'],
    ['a', ['zz', 'x'], undefined],
    ['', ['a', 'bb'], undefined],
    ['cat', ['bat', 'hat'], 'bat'],
    ['cat', [], undefined],
  ])('of "%s" among %j is %s', (name, candidates, nearest) => {
    expect(nearestName(name, candidates)).toBe(nearest);
  });

  it('counts insertions, deletions and replacements as one each', () => {
    // The textbook pair, three apart; a name of nine letters allows three, one of seven two.
    expect(nearestName('kitten', ['sitting'])).toBeUndefined();
    expect(nearestName('kitten---', ['sitting---'])).toBe('sitting---');
  });
});
