import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { flat, gradient } from '../../test/pictures.ts';
import { augment } from './augmentation/augment.ts';
import { clipRocketStrong, clipRocketWeak } from './augmentation/named-augmentations.ts';
import { randomCropBox } from './random-crop.ts';
import { resampleCrop } from './resample-crop.ts';
import { emptyViews, makeViews, requireViewSpec, type ViewSpec, writeViews } from './views.ts';

const SPEC: ViewSpec = {
  globalSize: 8,
  localSize: 4,
  localCrops: 3,
  globalScale: [0.32, 1],
  localScale: [0.05, 0.32],
  aspect: [3 / 4, 4 / 3],
  flip: 0.5,
};
const image = gradient(40, 30, 5);
const LOCAL = 4 * 4 * 3;

it('has one global and M local crops in [0, 1]', () => {
  const { global, locals } = makeViews(image, SPEC, createRng(0));
  expect(global.length).toBe(8 * 8 * 3);
  expect(locals.length).toBe(3 * LOCAL);
  for (const value of [...global, ...locals]) expect(value >= 0 && value <= 1).toBe(true);
});

it('makes each view from its own stream: a random box, resized bicubically, perhaps mirrored', () => {
  const { global, locals } = makeViews(image, SPEC, createRng(5));
  const expected = (stream: ReturnType<typeof createRng>, scale: readonly [number, number], size: number) => {
    const box = randomCropBox(image, { scale, aspect: SPEC.aspect }, stream);
    const into = new Float32Array(size * size * 3);
    resampleCrop(image, box, { size, filter: 'bicubic', flip: stream.uniform() < SPEC.flip, into, at: 0 });
    return into;
  };
  expect(global).toEqual(expected(createRng(5).fork('global'), SPEC.globalScale, 8));
  for (let j = 0; j < 3; j++) {
    expect(locals.subarray(j * LOCAL, (j + 1) * LOCAL)).toEqual(expected(createRng(5).fork('local', j), SPEC.localScale, 4));
  }
});

it('repeats exactly, and a view is the same whatever the others are', () => {
  const one = makeViews(image, SPEC, createRng(1));
  expect(makeViews(image, SPEC, createRng(1))).toEqual(one);
  const more = makeViews(image, { ...SPEC, localCrops: 5, globalScale: [1, 1] }, createRng(1));
  expect(more.locals.subarray(0, 3 * LOCAL)).toEqual(one.locals);
  const none = makeViews(image, { ...SPEC, localCrops: 0 }, createRng(1));
  expect(none.global).toEqual(one.global);
  expect(none.locals.length).toBe(0);
});

it('has as many global crops as asked for, each from its own stream, those of a picture side by side', () => {
  const one = makeViews(image, SPEC, createRng(3));
  const spec = { ...SPEC, globalCrops: 2 };
  const batch = emptyViews(spec, 2);
  writeViews(image, spec, createRng(3), { ...batch, row: 1 });
  const GLOBAL = 8 * 8 * 3;
  const crop = (g: number) => batch.global.subarray(g * GLOBAL, (g + 1) * GLOBAL);
  expect(batch.global.length).toBe(2 * 2 * GLOBAL);
  expect(crop(0)).toEqual(new Float32Array(GLOBAL));
  expect(crop(1)).toEqual(new Float32Array(GLOBAL));
  expect(crop(2)).toEqual(one.global);
  const stream = createRng(3).fork('global', 1);
  const box = randomCropBox(image, { scale: SPEC.globalScale, aspect: SPEC.aspect }, stream);
  const into = new Float32Array(GLOBAL);
  resampleCrop(image, box, { size: 8, filter: 'bicubic', flip: stream.uniform() < SPEC.flip, into, at: 0 });
  expect(crop(3)).toEqual(into);
  expect(batch.locals.subarray(3 * LOCAL)).toEqual(one.locals);
  expect(() => requireViewSpec({ ...SPEC, globalCrops: 0 })).toThrow('views.globalCrops is a whole number of at least 1');
});

describe('augmented views', () => {
  const augmented = [clipRocketStrong(6), clipRocketStrong(6), clipRocketWeak(5)];

  it('are those of their augmentations, each from its own stream, in [0, 1]', () => {
    const views = makeViews(image, { ...SPEC, augmented }, createRng(5)).augmented ?? [];
    expect(views.map(({ length }) => length)).toEqual([108, 108, 75]);
    views.forEach((view, v) => {
      const { data } = augment(image, augmented[v], createRng(5).fork('augmented', v));
      expect(view).toEqual(Float32Array.from(data, (level) => level / 255));
    });
    expect(views[0]).not.toEqual(views[1]);
  });

  it('change nothing in the other views, and are the same whatever these are', () => {
    const without = makeViews(image, SPEC, createRng(1));
    expect(Object.keys(without)).toEqual(['global', 'locals']);
    const { augmented: views, ...others } = makeViews(image, { ...SPEC, augmented }, createRng(1));
    expect(others).toEqual(without);
    const fewer = makeViews(image, { ...SPEC, localCrops: 0, augmented: augmented.slice(0, 2) }, createRng(1));
    expect(fewer.augmented).toEqual(views?.slice(0, 2));
  });

  it('fill their row of a batch and no other', () => {
    const spec = { ...SPEC, augmented };
    const batch = emptyViews(spec, 3);
    writeViews(image, spec, createRng(4), { ...batch, row: 1 });
    makeViews(image, spec, createRng(4)).augmented?.forEach((view, v) => {
      const rows = batch.augmented?.[v] ?? new Float32Array(0);
      const zeros = new Float32Array(view.length);
      expect(rows).toEqual(Float32Array.of(...zeros, ...view, ...zeros));
    });
  });

  it('are refused by name', async () => {
    const impossible = { ...clipRocketStrong(6), solarize: 7 };
    await expectError(
      () => requireViewSpec({ ...SPEC, augmented: [augmented[0], impossible] }),
      'invalid-argument',
      /^views\.augmented\[1\]\.solarize is a probability in \[0, 1\], but 7 came$/,
    );
  });
});

it('gives other crops for another seed, and local crops that differ', () => {
  const one = makeViews(image, SPEC, createRng(1));
  expect(makeViews(image, SPEC, createRng(2)).global).not.toEqual(one.global);
  expect(one.locals.subarray(0, LOCAL)).not.toEqual(one.locals.subarray(LOCAL, 2 * LOCAL));
});

it('mirrors with the probability that is asked for', () => {
  // Red grows to the right: a mirrored crop has less of it on its right side.
  const isMirrored = ({ global }: { global: Float32Array }) => global[0] > global[7 * 3];
  const mirroredOf400 = (flip: number) => {
    let count = 0;
    for (let i = 0; i < 400; i++) {
      if (isMirrored(makeViews(image, { ...SPEC, flip, localCrops: 0 }, createRng(i)))) count++;
    }
    return count;
  };
  expect(mirroredOf400(0)).toBe(0);
  expect(mirroredOf400(1)).toBe(400);
  expect(Math.abs(mirroredOf400(0.3) - 120)).toBeLessThan(45); // Five standard deviations.
});

it('changes no colours', () => {
  const { global, locals } = makeViews(flat(11, 9, [255, 0, 51]), SPEC, createRng(0));
  for (const values of [global, locals]) {
    values.forEach((value, i) => {
      expect(value).toBeCloseTo([1, 0, 0.2][i % 3], 5);
    });
  }
});

it.each([
  [1, 1],
  [1, 3000],
  [3000, 2],
  [3, 3],
])('enlarges an image of %s by %s pixels', (width, height) => {
  const { global, locals } = makeViews(flat(width, height, [10, 20, 30]), SPEC, createRng(0));
  for (const values of [global, locals]) {
    values.forEach((value, i) => {
      expect(value * 255).toBeCloseTo([10, 20, 30][i % 3], 3);
    });
  }
});

it('writes into its row of a batch, sample-major, and into no other', () => {
  const batch = { global: new Float32Array(3 * 192).fill(9), locals: new Float32Array(3 * 3 * LOCAL).fill(9) };
  writeViews(image, SPEC, createRng(4), { ...batch, row: 1 });
  const { global, locals } = makeViews(image, SPEC, createRng(4));
  expect(batch.global.subarray(192, 384)).toEqual(global);
  expect(batch.locals.subarray(3 * LOCAL, 6 * LOCAL)).toEqual(locals);
  const others = [
    batch.global.subarray(0, 192),
    batch.global.subarray(384),
    batch.locals.subarray(0, 3 * LOCAL),
    batch.locals.subarray(6 * LOCAL),
  ];
  for (const other of others) expect(other.every((value) => value === 9)).toBe(true);
});

describe('refuses', () => {
  it.each<[field: keyof ViewSpec, value: unknown]>([
    ['globalSize', 0],
    ['globalSize', 7.5],
    ['localSize', -4],
    ['localCrops', -1],
    ['localCrops', 1.5],
    ['globalScale', [0, 1]],
    ['globalScale', [0.5, 0.4]],
    ['localScale', [0.5, 1.1]],
    ['aspect', [0, 1]],
    ['aspect', [2, 1]],
    ['aspect', [1, Number.POSITIVE_INFINITY]],
    ['flip', 1.5],
    ['flip', Number.NaN],
  ])('%s of %j', async (field, value) => {
    await expectError(
      () => requireViewSpec({ ...SPEC, [field]: value }),
      'invalid-argument',
      new RegExp(`^views\\.${field} is .* came$`),
    );
  });

  it('no size or scale of local crops that are not made', () => {
    requireViewSpec({ ...SPEC, localCrops: 0, localSize: 0, localScale: [0, 0] });
  });

  it('an image without pixels', async () => {
    const empty = { width: 0, height: 3, data: new Uint8Array(0) };
    await expectError(() => makeViews(empty, SPEC, createRng(0)), 'corrupt-data', /0 by 3 pixels/);
  });
});
