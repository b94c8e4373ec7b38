import { expect, it } from 'vitest';
import { renderReport } from './page.ts';

const input = { config: {}, metrics: [], summary: { status: 'completed', steps: 8 } } as const;

it('shows time and launches a step, and the share of the whole, of a run that was profiled', () => {
  const kernels = [
    { kernel: 'mat<mul', launches: 30, milliseconds: 75 },
    { kernel: 'adamw', launches: 3, milliseconds: 25 },
  ];
  const page = renderReport({ ...input, profile: { steps: 2, kernels } });
  expect(page).toContain('Time on the GPU');
  expect(page).toContain('50 ms of kernels a step, over 2 steps');
  expect(page).toMatch(/mat&lt;mul<\/th><td>15<\/td><td>38<\/td><td>75\.0 %/);
  expect(page).toMatch(/adamw<\/th><td>1\.5<\/td><td>13<\/td><td>25\.0 %/);
});

it('says nothing of a run that was not', () => {
  expect(renderReport(input)).not.toContain('Time on the GPU');
});
