import { VitrailError } from '@vitrail/core';
import { expect, it, vi } from 'vitest';
import { exitStatus } from './exit-status.ts';
import { reportError } from './report-error.ts';

function said(error: unknown): { status: number; text: string } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const status = reportError(error, { verbose: false });
  const text = write.mock.calls.map(([chunk]) => chunk).join('');
  write.mockRestore();
  return { status, text };
}

it('tells wrong usage from failure by the exit status, each in a line that begins with the name of the program', () => {
  expect(said(new VitrailError('unknown-name', 'there is no "tpis"'))).toEqual({
    status: exitStatus.usage,
    text: 'vitrail: there is no "tpis"\n',
  });
  expect(said(new Error('two\n  lines'))).toEqual({ status: exitStatus.failed, text: 'vitrail: two lines\n' });
});

it('says what to do where the backend only says that it was aborted', () => {
  const { status, text } = said(new WebAssembly.RuntimeError('Aborted()'));
  expect(status).toBe(exitStatus.failed);
  expect(text).toMatch(/^vitrail: the wasm backend gave up \(Aborted\(\)\).*smaller --batch-size/);
});
