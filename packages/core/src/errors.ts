/** What went wrong, in a word that programs can branch on; the sentence for people is the error's message. */
export type VitrailErrorCode =
  /** An argument, option or configuration value that cannot be used. */
  | 'invalid-argument'
  /** Tensors or grids whose shapes do not fit together. */
  | 'shape-mismatch'
  /** A name (recipe, preset, key, backend, tensor) that nothing answers to. */
  | 'unknown-name'
  /** A file or stream whose content is damaged or of another format. */
  | 'corrupt-data'
  /** A file, glob or URL that yields nothing, or too little. */
  | 'missing-data'
  /** A device, backend or optional dependency that is not there. */
  | 'unavailable'
  /** Training cannot go on: values that are not finite. */
  | 'non-finite'
  /** Reading or writing failed in the operating system (a full disk, no permission). */
  | 'io';

const MARKER = Symbol.for('vitrail.error');

/**
 * The error every Vitrail package throws. Its message says what was expected, what came and how to mend it.
 *
 * Recognise it with {@link isVitrailError}, not with `instanceof`: two copies of this package may be loaded in one process.
 */
export class VitrailError extends Error {
  readonly code: VitrailErrorCode;
  readonly [MARKER] = true;

  constructor(code: VitrailErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VitrailError';
    this.code = code;
  }
}

/** Whether a caught value is a {@link VitrailError}, from whichever copy of this package it came. */
export function isVitrailError(value: unknown): value is VitrailError {
  return typeof value === 'object' && value !== null && MARKER in value;
}

/**
 * The candidate that `name` was probably meant to be, or `undefined` when none is near: the smallest Levenshtein distance, case aside, at
 * most a third of the name's length (at least 2) and less than replacing everything. Of equals the first.
 *
 * @example nearestName('tispv2', ['clip', 'tips', 'tipsv2']) // 'tipsv2'
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance < Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
