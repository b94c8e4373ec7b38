import { memory, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fanInUniform, filled, initParameters, normal, truncatedNormal, xavierUniform } from './initial-values.ts';
import { createRng } from './rng.ts';
import { disposeTree, flattenTree } from './tree.ts';

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const size = 100_000;
const shape = [100, 1000];

describe('initialisers', () => {
  it('filled: one number', () => {
    expect(filled(0.5)([2, 2], createRng(0))).toEqual(new Float32Array(4).fill(0.5));
    expect(filled(3)([], createRng(0))).toEqual(new Float32Array([3]));
  });

  it('normal: the deviation asked for, around 0', () => {
    const values = normal(0.02)(shape, createRng(0));
    expect(values).toHaveLength(size);
    expect(Math.abs(mean(values))).toBeLessThan((5 * 0.02) / Math.sqrt(size));
    expect(Math.abs(deviation(values) / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * size));
    expect(largest(values)).toBeGreaterThan(0.07);
  });

  it('truncatedNormal: nothing beyond two deviations, and 0.8796 of the deviation left', () => {
    const values = truncatedNormal(0.02)(shape, createRng(0));
    expect(largest(values)).toBeLessThanOrEqual(Math.fround(0.04));
    expect(largest(values)).toBeGreaterThan(0.0399);
    // Variance of N(0, 1) cut at +-2: 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.77374.
    expect(Math.abs(deviation(values) / 0.02 - Math.sqrt(0.77374))).toBeLessThan(0.01);
    expect(Math.abs(mean(values))).toBeLessThan((5 * 0.02) / Math.sqrt(size));
  });

  it('xavierUniform: within sqrt(6 / (inputs + outputs)), of each of the packed parts', () => {
    const whole = xavierUniform()(shape, createRng(0));
    const limit = Math.sqrt(6 / 1100);
    expect(largest(whole)).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest(whole)).toBeGreaterThan(0.999 * limit);
    expect(Math.abs(deviation(whole) - limit / Math.sqrt(3))).toBeLessThan(0.01 * limit);
    expect(Math.abs(mean(whole))).toBeLessThan(0.01 * limit);
    const packed = xavierUniform({ parts: 4 })(shape, createRng(0));
    expect(largest(packed) / largest(whole)).toBeCloseTo(Math.sqrt(1100 / 350), 6);
  });

  it('fanInUniform: within 1 / sqrt(inputs)', () => {
    const values = fanInUniform(shape, createRng(0));
    expect(largest(values)).toBeLessThanOrEqual(Math.fround(0.1));
    expect(largest(values)).toBeGreaterThan(0.0999);
    expect(Math.abs(mean(values))).toBeLessThan(1e-3);
  });

  it.each([[[]], [[3]], [[2, 3, 4]]])('those for kernels refuse the shape %j instead of filling it with NaN', (wrong) => {
    expect(() => xavierUniform()(wrong, createRng(0))).toThrow('xavierUniform fills kernels [inputs, outputs], but the shape [');
    expect(() => fanInUniform(wrong, createRng(0))).toThrow('fanInUniform fills kernels [inputs, outputs], but the shape [');
  });
});

describe('initParameters', () => {
  const rule = [
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
    ['**', normal(1)],
  ] as const;

  it('makes float32 tensors of the shapes, filled by the first pattern that matches', () => {
    const params = initParameters({ norm: { scale: [3], bias: [2] }, kernel: [2, 5], logitScale: [] }, createRng(0), rule);
    const flat = flattenTree<Tensor>(params);
    expect(Object.entries(flat).map(([path, { shape, dtype }]) => [path, shape, dtype])).toEqual([
      ['norm.scale', [3], 'float32'],
      ['norm.bias', [2], 'float32'],
      ['kernel', [2, 5], 'float32'],
      ['logitScale', [], 'float32'],
    ]);
    expect([...flat['norm.scale'].dataSync()]).toEqual([1, 1, 1]);
    expect([...flat['norm.bias'].dataSync()]).toEqual([0, 0]);
    expect(new Set(flat.kernel.dataSync()).size).toBe(10);
    disposeTree(params);
  });

  it('gives a parameter the same values whatever else there is, and from a fork of its path', () => {
    const rng = createRng(3);
    rng.uniform();
    const small = initParameters({ b: { kernel: [4] } }, createRng(3), rule);
    const large = initParameters({ a: { kernel: [9] }, b: { kernel: [4], other: [2] } }, rng, rule);
    const values = [...flattenTree<Tensor>(small)['b.kernel'].dataSync()];
    expect([...flattenTree<Tensor>(large)['b.kernel'].dataSync()]).toEqual(values);
    const stream = createRng(3).fork('b', 'kernel');
    expect(values).toEqual(values.map(() => Math.fround(stream.normal())));
    expect([...flattenTree<Tensor>(large)['a.kernel'].dataSync()].slice(0, 4)).not.toEqual(values);
    disposeTree(small, large);
  });

  it('names a parameter that no pattern matches, before any tensor is made', () => {
    const before = memory().numTensors;
    expect(() => initParameters({ a: { bias: [2] }, b: [3] }, createRng(0), [['**.bias', filled(0)]])).toThrow(
      'initParameters: no pattern of the rule matches "b"',
    );
    expect(memory().numTensors).toBe(before);
  });
});
