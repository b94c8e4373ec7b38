import { VitrailError } from '@vitrail/core';
import type { ModelHeader } from './family.ts';

/**
 * Shapes of a file's tensors by name, for families whose configuration is in no other place.
 *
 * @param family for messages
 */
export function tensorShapes(family: string, tensors: ModelHeader['tensors']) {
  const has = (name: string): boolean => Object.hasOwn(tensors, name);
  return {
    has,
    /** Throws `invalid-argument` for a tensor that is missing or has not `rank` axes. */
    of(name: string, rank: number): readonly number[] {
      if (has(name) && tensors[name].shape.length === rank) return tensors[name].shape;
      const found = has(name) ? `it is [${tensors[name].shape}]` : 'there is none';
      throw new VitrailError('invalid-argument', `${family}: ${name} has ${rank} axes, but ${found}: the file is not complete`);
    },
    /** How many names begin with `before`, a number, and `after`: blocks. */
    count(before: string, after: string): number {
      const isOne = (name: string) =>
        name.startsWith(before) && name.endsWith(after) && /^\d+$/.test(name.slice(before.length, -after.length));
      return Object.keys(tensors).filter(isOne).length;
    },
  };
}
