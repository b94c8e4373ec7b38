import { describe, expect, it } from 'vitest';
import { chooseWorkloads } from './choose-workloads.ts';
import { cpuWorkloads } from './cpu-workloads.ts';
import { vitSize, vitStepFlops } from './vit-step.ts';

describe('cpuWorkloads', () => {
  it('have names of their own, and baselines that are measured before them', () => {
    const names = cpuWorkloads.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, baseline } of cpuWorkloads) {
      if (baseline !== undefined) expect(names.slice(0, names.indexOf(name))).toContain(baseline);
    }
  });

  it('have the step of 11.7 GFLOP, and half of the blocks without half of the tokens', () => {
    expect(vitStepFlops(vitSize, 64) / 1e9).toBeCloseTo(11.7, 2);
    // Embedding 0.226; blocks: linear layers 10.872 / 2, attention 0.604 / 4.
    expect(vitStepFlops(vitSize, 32) / 1e9).toBeCloseTo(0.2265 + 10.8716 / 2 + 0.604 / 4, 3);
  });

  it('count a product and both of its gradients as the same work', () => {
    const flops = cpuWorkloads.filter(({ name }) => name.endsWith('/1024x192x768')).map((workload) => workload.flops);
    expect(flops).toEqual(Array(3).fill(2 * 1024 * 192 * 768));
  });
});

describe('chooseWorkloads', () => {
  it('takes names and groups, in the order of the list', () => {
    const chosen = chooseWorkloads(cpuWorkloads, ['token-drop', 'vit-step', 'gemm/512x512x512']).map(({ name }) => name);
    expect(chosen).toEqual(['vit-step', 'gemm/512x512x512', 'token-drop/0', 'token-drop/0.5']);
    expect(chooseWorkloads(cpuWorkloads, [])).toEqual(cpuWorkloads);
  });

  it('names the nearest for a misspelt one', () => {
    expect(() => chooseWorkloads(cpuWorkloads, ['vit-stpe'])).toThrow(/no workload "vit-stpe"; did you mean "vit-step"/);
  });
});
