import { VitrailError } from '@vitrail/core';

/** Throws `invalid-argument` unless `count` prompts and the `others` that must stay fit into `maxTokens`. */
export function requireRoom(
  what: string,
  { count, others, maxTokens }: { readonly count: number; readonly others: number; readonly maxTokens: number },
): void {
  if (count >= 1 && count + others <= maxTokens) return;
  throw new VitrailError(
    'invalid-argument',
    `${what}: the tower takes ${maxTokens} tokens, so there can be 1 to ${maxTokens - others} prompts, but ${count} came`,
  );
}
