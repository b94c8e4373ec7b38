import { flattenTree, type Tree } from '@vitrail/core';

/** A result of a command: nested numbers, words and shapes. */
export type Result = Tree<number | string | boolean | readonly number[]>;

/** Prints a result on stdout: a line per number, or one JSON object. */
export function printResult(result: Result, { json }: { json: boolean }): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const entries = Object.entries(flattenTree<number | string | boolean | readonly number[]>(result));
  const width = Math.max(...entries.map(([path]) => path.length));
  for (const [path, value] of entries) process.stdout.write(`${path.padEnd(width)}  ${readable(value)}\n`);
}

function readable(value: number | string | boolean | readonly number[]): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toPrecision(4);
}
