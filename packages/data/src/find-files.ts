import { readdir, stat } from 'node:fs/promises';
import { dirname, join, parse, sep } from 'node:path';
import { nearestName, VitrailError } from '@vitrail/core';
import { expandBraces } from './shards/brace-expansion.ts';

/**
 * The files that a pattern names, each once: in the order of its brace expansion, and sorted within one expansion.
 *
 * Braces as in {@link expandBraces}; in a name `*` stands for any letters, `?` for one, `[a-c]` for one of these, `[!a]` for one that is not;
 * `**` as a whole name for any number of folders. Names that begin with a dot are matched only by a pattern that begins with one. A pattern that is
 * the name of a file, letter by letter, is that file. Backslashes separate folders on Windows only.
 *
 * @throws `missing-data` when some expansion matches no file: what is there instead is said; `invalid-argument` for `[c-a]`.
 * @example await findFiles('shards/train-{0000..0003}.tar'); // four paths
 */
export async function findFiles(pattern: string): Promise<string[]> {
  const normal = sep === '\\' ? pattern.replaceAll('\\', '/') : pattern;
  if (await isFile(normal)) return [normal];
  const found = new Set<string>();
  for (const word of expandBraces(normal)) {
    const matches = (await isFile(word)) ? [word] : await matchPath(word);
    if (matches.length === 0) throw new VitrailError('missing-data', `no file matches ${word}: ${await whatIsThere(word)}`);
    for (const match of matches.sort(byCodeUnit)) found.add(match);
  }
  return [...found];
}

async function matchPath(pattern: string): Promise<string[]> {
  const { root } = parse(pattern);
  const names = pattern.slice(root.length).split('/');
  if (names[names.length - 1] === '') return []; // The name of a folder, `shards/`, or nothing at all.
  let folders = [root];
  for (const [i, name] of names.entries()) {
    if (name === '') continue;
    const isLast = i === names.length - 1;
    const matches = await Promise.all(folders.map((folder) => matchName(folder, name, isLast)));
    folders = [...new Set(matches.flat())];
  }
  return folders;
}

/** What `name` matches in `folder`: files if it is the last name of the pattern, else folders. */
async function matchName(folder: string, name: string, isLast: boolean): Promise<string[]> {
  const wanted = isLast ? isFile : isFolder;
  if (name === '**') {
    const below = [folder, ...(await foldersBelow(folder))];
    return isLast ? (await Promise.all(below.map((each) => matchName(each, '*', true)))).flat() : below;
  }
  const candidates = isWild(name) ? (await entries(folder)).filter(matcher(name)) : [name];
  const paths = candidates.map((candidate) => join(folder, candidate));
  const kept = await Promise.all(paths.map(wanted));
  return paths.filter((_, i) => kept[i]);
}

async function foldersBelow(folder: string): Promise<string[]> {
  const visible = (await readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => [])).filter(
    // Links are not followed here: one that leads upwards would never end.
    (entry) => entry.isDirectory() && !entry.name.startsWith('.'),
  );
  const paths = visible.map((entry) => join(folder, entry.name));
  return [...paths, ...(await Promise.all(paths.map(foldersBelow))).flat()];
}

function matcher(name: string): (candidate: string) => boolean {
  const source = name.replace(/\[!?[^\]]+\]|[*?]|[\\^$.+()|[\]{}]/g, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (token.length > 1)
      return `[${token
        .slice(1, -1)
        .replace(/^!(?=.)/, '^')
        .replaceAll('\\', '\\\\')}]`;
    return `\\${token}`;
  });
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`, 'su');
  } catch (error) {
    throw new VitrailError('invalid-argument', `${name} holds a range of letters that runs backwards`, { cause: error });
  }
  return (candidate) => (name.startsWith('.') || !candidate.startsWith('.')) && expression.test(candidate);
}

/** A sentence on the nearest thing to `pattern` that exists: the deepest folder on its way, and what is in it. */
async function whatIsThere(pattern: string): Promise<string> {
  const path = pattern.replace(/\/+$/, '');
  if (await isFolder(path)) return `it is a folder; name its shards, as in ${join(path, '*.tar')}`;
  let folder = dirname(path);
  let missing = path.slice(folder === '.' ? 0 : folder.length).replace(/^\//, '');
  while (!(await isFolder(folder)) && dirname(folder) !== folder) {
    missing = folder.slice(dirname(folder) === '.' ? 0 : dirname(folder).length).replace(/^\//, '');
    folder = dirname(folder);
  }
  const there = await entries(folder);
  const near = isWild(missing) ? undefined : nearestName(missing, there);
  const where = folder === '.' ? 'this folder' : folder;
  if (near !== undefined) return `did you mean ${join(folder, near)}?`;
  if (there.length === 0) return `${where} is empty`;
  return `${where} has ${there.slice(0, 5).join(', ')}${there.length > 5 ? ` and ${there.length - 5} more` : ''}`;
}

async function entries(folder: string): Promise<string[]> {
  return (await readdir(folder === '' ? '.' : folder).catch(() => [])).sort(byCodeUnit);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path === '' ? '.' : path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function isWild(name: string): boolean {
  return /[*?[]/.test(name);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
