import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { expectError } from '../../../test/expect-error.ts';
import { flat, gradient } from '../../../test/pictures.ts';
import { fromBase64 } from '../../../test/read-fixture.ts';
import type { RgbImage } from '../../sample.ts';
import { applyAugmentation, augment, type DrawnAugmentation, drawAugmentation } from './augment.ts';
import type { Augmentation } from './augmentation.ts';
import { type ColorChange, changeColors } from './color-jitter.ts';
import { flipImage } from './flip-image.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { grayscale } from './grayscale.ts';
import { byolViews, clipRocketStrong, clipRocketWeak, evaView, openClipView } from './named-augmentations.ts';
import { solarize } from './solarize.ts';

/** Of `tools/reference/augmentations.py`. */
type Fixture = {
  pictures: Record<string, { width: number; height: number; data: string }>;
  single: { picture: string; kind: string; amount: number; data: string }[];
  jitter: { changes: ColorChange[]; data: string }[];
  views: { drawn: DrawnAugmentation; data: string }[];
};
const file = new URL('../../../test/fixtures/augmentations/augmentations.json.gz', import.meta.url);
const fixture = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Fixture;
const picture = (name: string): RgbImage => ({ ...fixture.pictures[name], data: fromBase64(fixture.pictures[name].data) });

function step(image: RgbImage, kind: string, amount: number): RgbImage {
  if (kind === 'blur') return gaussianBlur(image, amount);
  if (kind === 'grayscale') return grayscale(image);
  if (kind === 'solarize') return solarize(image);
  if (kind === 'flip') return flipImage(image);
  return changeColors(image, [{ kind: kind as ColorChange['kind'], amount }]);
}

describe('to the bit as torchvision with Pillow', () => {
  it.each(['brightness', 'contrast', 'saturation', 'hue', 'blur', 'grayscale', 'solarize', 'flip'])('%s', (kind) => {
    const cases = fixture.single.filter((one) => one.kind === kind);
    expect(cases.length).toBeGreaterThanOrEqual(Object.keys(fixture.pictures).length);
    for (const { picture: name, amount, data } of cases) {
      const image = picture(name);
      const result = step(image, kind, amount);
      expect(result, `${name}, ${amount}`).toEqual({ ...image, data: fromBase64(data) });
      expect(image.data, 'the image that came').toEqual(picture(name).data);
    }
  });

  it('the changes of ColorJitter in their order', () => {
    expect(fixture.jitter.length).toBe(24);
    for (const { changes, data } of fixture.jitter) {
      expect(changeColors(picture('noise'), changes).data, JSON.stringify(changes)).toEqual(fromBase64(data));
    }
  });

  it('whole views', () => {
    expect(fixture.views.length).toBe(12);
    for (const { drawn, data } of fixture.views) {
      const view = applyAugmentation(picture('scene'), clipRocketStrong(20).crop, drawn);
      expect(view.data, JSON.stringify(drawn)).toEqual(fromBase64(data));
    }
  });
});

it('blurs from the border to the border when the deviation is larger than the image', () => {
  const { data } = gaussianBlur(gradient(9, 7, 20), 1000);
  for (const c of [0, 1]) {
    const levels = data.filter((_, i) => i % 3 === c);
    expect(Math.max(...levels) - Math.min(...levels)).toBeLessThanOrEqual(3);
  }
});

describe('a draw', () => {
  const N = 4000;
  const size = { width: 500, height: 375 };
  const draw = (augmentation: Augmentation, count = N) =>
    Array.from({ length: count }, (_, i) => drawAugmentation(size, augmentation, createRng(11).fork(i)));
  /** Five standard deviations of a share of N. */
  const margin = (p: number) => 5 * Math.sqrt((p * (1 - p)) / N) + 1e-9;
  const share = (drawn: readonly DrawnAugmentation[], has: (one: DrawnAugmentation) => boolean) =>
    drawn.filter(has).length / drawn.length;

  it.each([
    ['clipRocketStrong', clipRocketStrong(224), { jitter: 0.8, grayscale: 0.2, blur: 0.5, solarize: 0, flip: 0.5 }],
    ['the first of byolViews', byolViews(224)[0], { jitter: 0.8, grayscale: 0.2, blur: 1, solarize: 0, flip: 0.5 }],
    ['the second of byolViews', byolViews(224)[1], { jitter: 0.8, grayscale: 0.2, blur: 0.1, solarize: 0.2, flip: 0.5 }],
    ['clipRocketWeak', clipRocketWeak(224), { jitter: 0, grayscale: 0, blur: 0, solarize: 0, flip: 0 }],
    ['evaView', evaView(224), { jitter: 0, grayscale: 0, blur: 0, solarize: 0, flip: 0.5 }],
    ['openClipView', openClipView(224), { jitter: 0, grayscale: 0, blur: 0, solarize: 0, flip: 0 }],
  ])('of %s has each step as often as the reference', (_, augmentation, expected) => {
    const drawn = draw(augmentation);
    const found = {
      jitter: share(drawn, ({ changes }) => changes.length === 4),
      grayscale: share(drawn, (one) => one.grayscale),
      blur: share(drawn, ({ sigma }) => sigma !== undefined),
      solarize: share(drawn, (one) => one.solarize),
      flip: share(drawn, (one) => one.flip),
    };
    for (const [name, p] of Object.entries(expected)) {
      expect(Math.abs(found[name as keyof typeof found] - p), name).toBeLessThan(margin(p));
    }
  });

  it.each([
    ['clipRocketStrong', clipRocketStrong(224), [0.08, 1]],
    ['clipRocketWeak', clipRocketWeak(224), [0.5, 1]],
    ['evaView', evaView(224), [0.2, 1]],
    ['openClipView', openClipView(224), [0.9, 1]],
  ] as const)('of %s has crops of the areas of the reference, and no others', (_, augmentation, [low, high]) => {
    const areas = draw(augmentation).map(({ box }) => (box.width * box.height) / (size.width * size.height));
    const most = Math.max(...areas);
    const least = Math.min(...areas);
    expect(Math.abs(least - low)).toBeLessThan(0.01);
    expect(Math.abs(most - high)).toBeLessThan(0.03);
  });

  it('has steps that do not depend on each other', () => {
    const even: Augmentation = {
      ...clipRocketStrong(224),
      jitter: { probability: 0.5, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
      grayscale: 0.5,
      solarize: 0.5,
    };
    const drawn = draw(even);
    const half = size.width * size.height * 0.54; // Half of the crops are smaller.
    const happened: ((one: DrawnAugmentation) => boolean)[] = [
      ({ box }) => box.width * box.height < half,
      ({ changes }) => changes.length > 0,
      (one) => one.grayscale,
      ({ sigma }) => sigma !== undefined,
      (one) => one.solarize,
      (one) => one.flip,
    ];
    happened.forEach((first, i) => {
      for (const second of happened.slice(i + 1)) {
        const apart = share(drawn, (one) => first(one) !== second(one));
        expect(Math.abs(apart - 0.5)).toBeLessThan(margin(0.5));
      }
    });
  });

  it('has amounts uniform in their ranges, and all 24 orders alike', () => {
    const jitter = { probability: 1, brightness: 0.4, contrast: 1.5, saturation: 0.2, hue: 0.1 };
    const drawn = draw({ ...clipRocketStrong(224), jitter, blur: { probability: 1, sigma: [0.1, 2] } });
    /** Largest distance from the uniform distribution (Kolmogorov, Smirnov); 2.23 / sqrt(N) comes once in 10,000. */
    const distance = (values: readonly number[], low: number, high: number) => {
      const sorted = values.toSorted((a, b) => a - b);
      return Math.max(...sorted.map((value, i) => Math.abs((value - low) / (high - low) - (i + 0.5) / N)));
    };
    const amounts = (kind: ColorChange['kind']) =>
      drawn.map(({ changes }) => changes.find((change) => change.kind === kind)?.amount ?? Number.NaN);
    const limit = 2.23 / Math.sqrt(N);
    expect(distance(amounts('brightness'), 0.6, 1.4)).toBeLessThan(limit);
    expect(distance(amounts('contrast'), 0, 2.5)).toBeLessThan(limit);
    expect(distance(amounts('saturation'), 0.8, 1.2)).toBeLessThan(limit);
    expect(distance(amounts('hue'), -0.1, 0.1)).toBeLessThan(limit);
    expect(
      distance(
        drawn.map(({ sigma = Number.NaN }) => sigma),
        0.1,
        2,
      ),
    ).toBeLessThan(limit);
    const orders = new Map<string, number>();
    for (const { changes } of drawn) {
      const order = changes.map(({ kind }) => kind).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    for (const count of orders.values()) expect(Math.abs(count / N - 1 / 24)).toBeLessThan(margin(1 / 24));
  });

  it('leaves out changes whose range is 0', () => {
    const jitter = { probability: 1, brightness: 0, contrast: 0.4, saturation: 0, hue: 0.1 };
    const [{ changes }] = draw({ ...clipRocketStrong(224), jitter }, 1);
    expect(changes.map(({ kind }) => kind).sort()).toEqual(['contrast', 'hue']);
  });

  it('is a function of the names of its stream alone, not of what was drawn before, nor of the other steps', () => {
    const strong = clipRocketStrong(224);
    const used = createRng(3).fork('a');
    used.uniform();
    const drawn = drawAugmentation(size, strong, used);
    expect(drawAugmentation(size, strong, createRng(3).fork('a'))).toEqual(drawn);
    expect(drawAugmentation(size, strong, createRng(3).fork('b'))).not.toEqual(drawn);
    const { jitter, ...withoutJitter } = strong;
    expect(drawAugmentation(size, withoutJitter, createRng(3).fork('a'))).toEqual({ ...drawn, changes: [] });
  });
});

it('makes what it draws, and the same every time', () => {
  const image = gradient(60, 45, 3);
  const strong = clipRocketStrong(16);
  for (let i = 0; i < 20; i++) {
    const view = augment(image, strong, createRng(i));
    expect([view.width, view.height, view.data.length]).toEqual([16, 16, 16 * 16 * 3]);
    expect(augment(image, strong, createRng(i))).toEqual(view);
    expect(applyAugmentation(image, strong.crop, drawAugmentation(image, strong, createRng(i)))).toEqual(view);
  }
});

it.each([
  [1, 1],
  [1, 700],
  [900, 2],
])('makes a view of an image of %s by %s pixels', (width, height) => {
  for (let i = 0; i < 20; i++) {
    const { data } = augment(flat(width, height, [90, 90, 90]), byolViews(8)[i % 2], createRng(i));
    expect(new Set(data).size).toBe(1);
  }
});

describe('refuses', () => {
  const strong = clipRocketStrong(16);
  const { crop, jitter = { probability: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0 } } = strong;
  const blur = { probability: 0.5, sigma: [0.1, 2] as const };
  it.each<[field: string, change: Partial<Augmentation>]>([
    ['crop.size is a whole number', { crop: { ...crop, size: 1.5 } }],
    ['crop.scale is two shares of the area', { crop: { ...crop, scale: [0, 1] } }],
    ['crop.scale is two shares of the area', { crop: { ...crop, scale: [0.5, 1.1] } }],
    ['crop.aspect is two ratios', { crop: { ...crop, aspect: [2, 1] } }],
    ['crop.filter is bilinear or bicubic', { crop: { ...crop, filter: 'nearest' as 'bilinear' } }],
    ['jitter.probability is a probability in \\[0, 1\\]', { jitter: { ...jitter, probability: 1.2 } }],
    ['jitter.brightness is a number of at least 0', { jitter: { ...jitter, brightness: -0.4 } }],
    ['jitter.contrast is a number of at least 0', { jitter: { ...jitter, contrast: Number.POSITIVE_INFINITY } }],
    ['jitter.saturation is a number of at least 0', { jitter: { ...jitter, saturation: Number.NaN } }],
    ['jitter.hue is a part of a full turn in \\[0, 0.5\\]', { jitter: { ...jitter, hue: 0.6 } }],
    ['grayscale is a probability in \\[0, 1\\]', { grayscale: Number.NaN }],
    ['blur.probability is a probability in \\[0, 1\\]', { blur: { ...blur, probability: -0.1 } }],
    ['blur.sigma is two deviations in pixels', { blur: { ...blur, sigma: [0, 2] } }],
    ['blur.sigma is two deviations in pixels', { blur: { ...blur, sigma: [2, 1] } }],
    ['blur.sigma is two deviations in pixels', { blur: { ...blur, sigma: [1, 1e9] } }],
    ['solarize is a probability in \\[0, 1\\]', { solarize: 2 }],
    ['flip is a probability in \\[0, 1\\]', { flip: 50 }],
  ])('%s: %j', async (message, change) => {
    await expectError(
      () => augment(flat(2, 2, [0, 0, 0]), { ...strong, ...change }, createRng(0)),
      'invalid-argument',
      new RegExp(`^augmentation\\.${message}.* came$`),
    );
  });

  it('an image without pixels', async () => {
    const empty = { width: 0, height: 3, data: new Uint8Array(0) };
    await expectError(() => augment(empty, strong, createRng(0)), 'corrupt-data', /0 by 3 pixels/);
  });
});
