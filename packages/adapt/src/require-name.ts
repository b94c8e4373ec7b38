import { nearestName, VitrailError } from '@vitrail/core';

/** Throws `unknown-name` unless `name` is one of `names`, with the one that was probably meant. */
export function requireName(what: string, kind: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const near = nearestName(name, names);
  throw new VitrailError(
    'unknown-name',
    `${what}: there is no ${kind} "${name}"${near ? `; did you mean "${near}"?` : ''} There are: ${names.join(', ') || 'none'}`,
  );
}
