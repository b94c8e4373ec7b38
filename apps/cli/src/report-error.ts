import { inspect } from 'node:util';
import { isVitrailError, type VitrailErrorCode } from '@vitrail/core';
import { exitStatus } from './exit-status.ts';

/** Errors of these kinds are the caller's to mend in the command line or the configuration. */
const usageCodes: readonly VitrailErrorCode[] = ['invalid-argument', 'unknown-name'];

/**
 * Says on stderr why a command failed, and gives the exit status for it. A failure is one line; what is wrong with a configuration may be a
 * line for every setting. `verbose` adds the stack, with the errors that caused this one.
 */
export function reportError(error: unknown, { verbose }: { verbose: boolean }): number {
  const isUsage = isVitrailError(error) && usageCodes.includes(error.code);
  const message = messageOf(error);
  process.stderr.write(`vitrail: ${isUsage ? message : message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  if (verbose) process.stderr.write(`${inspect(error)}\n`);
  return isUsage ? exitStatus.usage : exitStatus.failed;
}

function messageOf(error: unknown): string {
  // The wasm backend of tfjs says no more than `Aborted()` when its heap, of at most 4 GiB, cannot grow.
  if (error instanceof WebAssembly.RuntimeError) {
    return `the wasm backend gave up (${error.message}), most likely for want of memory: try a smaller --batch-size, with more train.accumulate`;
  }
  return error instanceof Error ? error.message : String(error);
}
