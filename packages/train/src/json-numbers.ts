/** A replacer for `JSON.stringify`: numbers that JSON cannot hold become `"NaN"`, `"Infinity"` and `"-Infinity"` (by default: `null`). */
export function nameNonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
