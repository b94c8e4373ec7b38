import { VitrailError } from '@vitrail/core';

/** An `io` error that says what was being done and what the operating system answered. */
export function ioError(doing: string, cause: unknown): VitrailError {
  return new VitrailError('io', `${doing}: ${(cause as Error).message}`, { cause });
}

/** Whether a file-system error says that the path is not there. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
