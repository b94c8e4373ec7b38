import { isVitrailError, type VitrailErrorCode } from '@vitrail/core';
import { expect } from 'vitest';

/** Fails unless `work` throws, or rejects with, a `VitrailError` of this code whose message matches. */
export async function expectError(work: () => unknown, code: VitrailErrorCode, message: RegExp): Promise<void> {
  let caught: unknown;
  try {
    await work();
  } catch (error) {
    caught = error;
  }
  if (!isVitrailError(caught)) expect.fail(`a VitrailError was expected, but this came: ${String(caught)}`);
  expect({ code: caught.code, message: caught.message }).toEqual({ code, message: expect.stringMatching(message) });
}
