import { max, mean, min, moments, sqrt, square, tidy } from '@tensorflow/tfjs-core';
import { countParameters, createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { initHeadTrunk, initPrototypeHead, initPrototypes, prototypeHeadParameterCount } from './prototype-head.ts';

const config = { width: 24, hidden: 40, bottleneck: 16, prototypes: 100 };

describe('the size of a head', () => {
  it('is 14.7 million at the sizes of TIPS, so that a shared ViT-B spares the 42 % of parameters that TIPSv2 reports', () => {
    const size = { width: 768, hidden: 2048, bottleneck: 256, prototypes: 32768 };
    const byHand = 768 * 2048 + 2048 + 2048 * 2048 + 2048 + 2048 * 256 + 256 + 256 * 32768;
    expect(prototypeHeadParameterCount(size)).toBe(byHand);
    expect(byHand / 1e6).toBeCloseTo(14.7, 1);
    const vitB = 86_298_624;
    expect((vitB / (2 * vitB + 2 * byHand)).toFixed(3)).toBe('0.427');
  });

  it('is that of the parameters which are made', () => {
    const head = initPrototypeHead(config, createRng(0));
    expect(countParameters(head)).toBe(prototypeHeadParameterCount(config));
    disposeTree(head);
  });
});

describe('a fresh head', () => {
  it('has the names that freezing rules and checkpoints speak', () => {
    const head = initPrototypeHead(config, createRng(0));
    const heads = { heads: { cls: head } };
    const shapes = Object.fromEntries(Object.entries(flattenTree(heads)).map(([path, leaf]) => [path, leaf.shape]));
    expect(shapes).toEqual({
      'heads.cls.trunk.fc1.kernel': [24, 40],
      'heads.cls.trunk.fc1.bias': [40],
      'heads.cls.trunk.fc2.kernel': [40, 40],
      'heads.cls.trunk.fc2.bias': [40],
      'heads.cls.trunk.fc3.kernel': [40, 16],
      'heads.cls.trunk.fc3.bias': [16],
      'heads.cls.prototypes.directions': [100, 16],
    });
    expect(Object.keys(shapes).filter((path) => /^heads\.\w+\.prototypes\./.test(path))).toEqual([
      'heads.cls.prototypes.directions',
    ]);
    disposeTree(head);
  });

  it('is filled as DINOHead: small normal kernels, no biases, prototypes uniform within 1 / sqrt(d)', () => {
    const head = initPrototypeHead(config, createRng(0));
    tidy(() => {
      const { fc1, fc2, fc3 } = head.trunk;
      for (const { kernel, bias } of [fc1, fc2, fc3]) {
        // Cut at two deviations, a normal distribution keeps 0.88 of its deviation.
        expectClose([sqrt(moments(kernel).variance).dataSync()[0] / (0.02 * 0.8796)], [1], 0.05);
        expect(max(square(kernel)).dataSync()[0]).toBeLessThanOrEqual(0.04 ** 2 * 1.0001);
        expectClose(bias ?? [], new Float32Array(kernel.shape[1] as number));
      }
      const { directions } = head.prototypes;
      expect(max(directions).dataSync()[0]).toBeCloseTo(0.25, 2);
      expect(min(directions).dataSync()[0]).toBeCloseTo(-0.25, 2);
      expect(mean(square(directions)).dataSync()[0]).toBeCloseTo(0.25 ** 2 / 3, 2);
    });
    disposeTree(head);
  });

  it('is the same from the same stream, with other numbers in another head', () => {
    const [first, again, other] = ['cls', 'cls', 'patch'].map((name) => initPrototypeHead(config, createRng(7).fork(name)));
    expect(again.trunk.fc2.kernel.dataSync()).toEqual(first.trunk.fc2.kernel.dataSync());
    expect(other.trunk.fc2.kernel.dataSync()).not.toEqual(first.trunk.fc2.kernel.dataSync());
    expect(other.prototypes.directions.dataSync()).not.toEqual(first.prototypes.directions.dataSync());
    disposeTree(first, again, other);
  });

  it('can be made in parts, for heads that share a trunk', () => {
    const rng = createRng(1);
    const whole = initPrototypeHead(config, rng);
    const [trunk, prototypes] = [initHeadTrunk(config, rng.fork('trunk')), initPrototypes(config, rng.fork('prototypes'))];
    expect(trunk.fc3.kernel.dataSync()).toEqual(whole.trunk.fc3.kernel.dataSync());
    expect(prototypes.directions.dataSync()).toEqual(whole.prototypes.directions.dataSync());
    disposeTree(whole, trunk, prototypes);
  });

  it('needs whole sizes', () => {
    for (const wrong of [{ hidden: 0 }, { prototypes: 2.5 }, { width: -1 }, { bottleneck: Number.NaN }]) {
      const [[name, size]] = Object.entries(wrong);
      for (const init of [initPrototypeHead, initHeadTrunk, initPrototypes]) {
        expect(() => init({ ...config, ...wrong }, createRng(0))).toThrow(
          `${name} must be a whole number of at least 1, but ${size} came`,
        );
      }
    }
  });
});
