import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from './command-line.ts';
import { chooseContestants } from './contestants.ts';

let stderr = '';
beforeEach(() => {
  stderr = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('bench', () => {
  it.each([
    [['gpu'], /Allowed choices are cpu/],
    [['--with', 'pytorch'], /no peer "pytorch".*torch/],
    [['--workload', 'vit'], /no workload "vit"/],
    [['--threads', '0,2'], /whole number of at least 1/],
    [['--rounds', 'many'], /whole number of at least 1/],
  ])('refuses %j before anything is measured', async (argv, message) => {
    expect(await runCommandLine(argv)).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('chooseContestants', () => {
  const names = (peers: string[]) =>
    chooseContestants({ suite: 'cpu', peers, threads: [1, 2], python: '/opt/python' }).map(
      ({ engine, threads }) => `${engine} ${threads}`,
    );

  it('takes every thread count of engines that have threads, and one of those that have not', () => {
    expect(names([])).toEqual(['vitrail 1', 'vitrail 2', 'composition 1', 'peak 1', 'peak 2']);
    expect(names(['jax-js', 'torch']).slice(5)).toEqual(['jax-js 1', 'torch 1', 'torch 2']);
  });

  it('runs Python peers with the Python that was named', () => {
    const [torch] = chooseContestants({ suite: 'cpu', peers: ['torch'], threads: [2], python: '/opt/python' }).filter(
      ({ engine }) => engine === 'torch',
    );
    expect(torch.command).toEqual({ file: '/opt/python', args: ['-B', expect.stringMatching(/peers\/torch_peer\.py$/), '2'] });
  });
});
