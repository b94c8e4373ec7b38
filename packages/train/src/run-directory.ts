import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flattenTree, type Tree, VitrailError } from '@vitrail/core';
import type { Configuration } from './configuration.ts';
import { ioError, isMissing } from './io-error.ts';
import { nameNonFinite } from './json-numbers.ts';
import { writeJson } from './write-json.ts';

/** By any of these a directory is known to hold a run. */
const runFiles = ['config.json', 'metrics.jsonl', 'checkpoints', 'summary.json'];

/**
 * Opens the directory of a run.
 *
 * A new run: the directory is made, with those above it, and `config.json` written in one piece. A resumed run: `config.json` must be there
 * and agree with `config`, path by path; it stays as it was written at the start.
 *
 * @param config everything that the run depends on.
 * @param options.resume whether the run goes on in a directory that holds it.
 * @param options.mayDiffer dotted paths at which a resumed run may differ from what it goes on with (versions).
 * @throws `invalid-argument` when a new run finds a run there, or a resumed one another configuration (with a line for every difference);
 * `missing-data` when there is no run to resume; `corrupt-data` when `config.json` is no configuration; `io` when reading or writing fails.
 * @example await openRunDirectory('runs/a', { train: { steps: 60 } }, { resume: false, mayDiffer: [] })
 */
export async function openRunDirectory(
  directory: string,
  config: Configuration,
  { resume, mayDiffer }: { resume: boolean; mayDiffer: readonly string[] },
): Promise<void> {
  if (resume) await requireSameConfiguration(directory, config, mayDiffer);
  else await createRunDirectory(directory, config);
}

async function createRunDirectory(directory: string, config: Configuration): Promise<void> {
  for (const name of runFiles) {
    if (await exists(join(directory, name))) {
      throw new VitrailError(
        'invalid-argument',
        `${directory} holds a run already (${name}): go on with it by --resume, or name another directory by --out`,
      );
    }
  }
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw ioError(`${directory} could not be made`, cause);
  }
  await writeJson(join(directory, 'config.json'), config);
}

async function requireSameConfiguration(directory: string, config: Configuration, mayDiffer: readonly string[]): Promise<void> {
  const old = flattenTree(await readConfiguration(directory));
  const given = flattenTree(JSON.parse(JSON.stringify(config, nameNonFinite)) as Tree<unknown>);
  const paths = new Set([...Object.keys(old), ...Object.keys(given)]);
  const differences = [...paths]
    .filter((path) => !mayDiffer.includes(path) && show(old[path]) !== show(given[path]))
    .map((path) => `${path}: ${show(old[path])} -> ${show(given[path])}`);
  if (differences.length === 0) return;
  const list = differences.length === 1 ? ` ${differences[0]}` : `\n  ${differences.join('\n  ')}`;
  throw new VitrailError(
    'invalid-argument',
    `${directory} holds a run with another configuration; resume it with the same, or start a new run in another directory (--out):${list}`,
  );
}

async function readConfiguration(directory: string): Promise<Tree<unknown>> {
  const path = join(directory, 'config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (!isMissing(cause)) throw ioError(`${path} could not be read`, cause);
    const reason = (await exists(directory)) ? 'holds no run (it has no config.json)' : 'does not exist';
    throw new VitrailError('missing-data', `there is no run to resume: ${directory} ${reason}; start one without --resume`, {
      cause,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not an object');
    return value as Tree<unknown>;
  } catch (cause) {
    throw new VitrailError('corrupt-data', `${path} does not hold a configuration: ${(cause as Error).message}`, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw ioError(`${path} could not be looked at`, cause);
  }
}

function show(value: unknown): string {
  return value === undefined ? '(not set)' : JSON.stringify(value);
}
