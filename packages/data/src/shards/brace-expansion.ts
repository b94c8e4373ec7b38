import { VitrailError } from '@vitrail/core';

const MAXIMUM_WORDS = 100_000;

/**
 * Expands braces as a shell does: `{a,b}` to each of its parts, `{0000..0003}` to the numbers between, with as many digits as the longer
 * end if one of them begins with a zero. Braces may be nested; a brace without its partner, and one that holds neither a comma nor a range, stays as it is.
 *
 * @throws `invalid-argument` above 100,000 words.
 * @example expandBraces('train-{00..02}.tar') // ['train-00.tar', 'train-01.tar', 'train-02.tar']
 */
export function expandBraces(pattern: string): string[] {
  for (let open = pattern.indexOf('{'); open >= 0; open = pattern.indexOf('{', open + 1)) {
    const group = groupAt(pattern, open);
    const alternatives = group === undefined ? undefined : alternativesOf(group.parts);
    if (group === undefined || alternatives === undefined) continue;
    const rest = expandBraces(pattern.slice(group.end));
    if (alternatives.length * rest.length > MAXIMUM_WORDS) {
      throw new VitrailError('invalid-argument', `${pattern} stands for more than ${MAXIMUM_WORDS} names`);
    }
    const before = pattern.slice(0, open);
    return alternatives.flatMap((alternative) => rest.map((after) => before + alternative + after));
  }
  return [pattern];
}

/** The comma-separated parts of the group whose brace opens at `open`, and where it ends; `undefined` when it never closes. */
function groupAt(pattern: string, open: number): { parts: string[]; end: number } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; i < pattern.length; i++) {
    const letter = pattern[i];
    if (letter === '{') depth++;
    if (letter === '}') depth--;
    if ((letter === ',' && depth === 1) || depth === 0) {
      parts.push(pattern.slice(from, i));
      from = i + 1;
    }
    if (depth === 0) return { parts, end: i + 1 };
  }
  return undefined;
}

function alternativesOf(parts: readonly string[]): string[] | undefined {
  if (parts.length > 1) return parts.flatMap((part) => expandBraces(part));
  const range = /^(\d+)\.\.(\d+)$/.exec(parts[0]);
  if (range === null) return undefined;
  const [from, to] = [Number(range[1]), Number(range[2])];
  const padded = [range[1], range[2]].some((end) => end.length > 1 && end.startsWith('0'));
  const width = padded ? Math.max(range[1].length, range[2].length) : 0;
  const count = Math.min(Math.abs(to - from), MAXIMUM_WORDS) + 1;
  const direction = to < from ? -1 : 1;
  return Array.from({ length: count }, (_, i) => String(from + direction * i).padStart(width, '0'));
}
