import { VitrailError } from '@vitrail/core';
import type { PerChannel } from './image-preparation.ts';

/**
 * The field of a configuration that holds a number for all channels, or one for each of three.
 *
 * @throws `invalid-argument` naming the field, for anything else
 */
export function readPerChannel(value: unknown, field: string): PerChannel {
  if (typeof value === 'number') return [value, value, value];
  if (Array.isArray(value) && value.length === 3 && value.every((item) => typeof item === 'number')) {
    return [value[0], value[1], value[2]];
  }
  throw unsupported(field, 'a number or a list of three', value);
}

/**
 * The field that holds one length in pixels, or two equal ones: `224`, `[224, 224]`, `{ height: 224, width: 224 }`.
 *
 * @throws `invalid-argument` naming the field, for anything else
 */
export function readSquareSize(value: unknown, field: string): number {
  const { height, width } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const [first, second] = Array.isArray(value) ? value : typeof value === 'number' ? [value, value] : [height, width];
  if (typeof first !== 'number' || first !== second) throw unsupported(field, 'one size in pixels for both sides', value);
  return first;
}

/** The error of a field that holds something else than `expected`: `invalid-argument`, naming the field. */
export function unsupported(field: string, expected: string, value: unknown): VitrailError {
  return new VitrailError(
    'invalid-argument',
    `the preparation of images cannot be followed: ${field} is expected to be ${expected}, but ${JSON.stringify(value)} came`,
  );
}
