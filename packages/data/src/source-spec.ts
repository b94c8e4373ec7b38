import { nearestName, VitrailError } from '@vitrail/core';
import type { MosaicOptions } from './mosaics/mosaic-source.ts';
import { SCENE_SPLITS, type SceneOptions } from './scenes/scene-source.ts';

/** What a spec stands for. */
export type SourceSpec =
  | { readonly kind: 'scenes'; readonly options: SceneOptions }
  | { readonly kind: 'shards'; readonly pattern: string }
  | { readonly kind: 'mosaic'; readonly pattern: string; readonly options: MosaicOptions };

/** How the text of each option is read, or `undefined` when it cannot be; and what is expected. */
type Readers<Options> = {
  readonly [Name in keyof Options]-?: readonly [read: (text: string) => Options[Name] | undefined, expected: string];
};

const wholeNumber = (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined);
const COUNT = [wholeNumber, 'a whole number'] as const;
const SEED = [(text: string) => (text === '' ? undefined : (wholeNumber(text) ?? text)), 'a whole number or a word'] as const;

const SCENES: Readers<SceneOptions> = {
  count: COUNT,
  size: COUNT,
  seed: SEED,
  split: [(text) => SCENE_SPLITS.find((split) => split === text), SCENE_SPLITS.join(' or ')],
};

const MOSAIC: Readers<MosaicOptions> = {
  grid: [
    (text) => {
      const [, least, most] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
      return least === undefined ? wholeNumber(text) : [Number(least), Number(most)];
    },
    'a whole number or a range, as in 1..3',
  ],
  count: COUNT,
  seed: SEED,
  tileSize: COUNT,
};

const SPECS = "scenes, 'shards/*.tar' and 'mosaic:shards/*.tar?grid=2'";

/**
 * Reads the name of a data source.
 *
 * `?` separates options from the rest, and is a wildcard of globs and the beginning of a URL's query too. The rule: what follows the *last* `?` are
 * options if all of it reads `name=value`, or several of these joined by `&`; otherwise that `?` belongs to the pattern. Shards take no options, so the
 * query of an http(s) URL stays with it; on a mosaic's URL put options behind the query (`mosaic:https://host/a.tar?key=1?grid=2`). `scenes?` always
 * begins options: files of such a name are reached as `./scenes?.tar`.
 *
 * @throws `unknown-name` for an option that there is not, with the nearest one that there is; `invalid-argument` for a value that cannot be read.
 */
export function parseSourceSpec(spec: string): SourceSpec {
  if (spec === 'scenes' || spec.startsWith('scenes?')) {
    return { kind: 'scenes', options: readOptions(spec, 'scenes', spec.slice('scenes?'.length), SCENES) };
  }
  const isMosaic = spec.startsWith('mosaic:');
  const whole = isMosaic ? spec.slice('mosaic:'.length) : spec;
  const [, pattern = whole, options = ''] = /^(.*)\?(\w+=[^?&]*(?:&\w+=[^?&]*)*)$/s.exec(whole) ?? [];
  if (pattern.trim() === '') {
    throw new VitrailError('invalid-argument', `"${spec}" names no files; the specs are ${SPECS}`);
  }
  if (isMosaic) return { kind: 'mosaic', pattern, options: readOptions(spec, 'mosaic', options, MOSAIC) };
  if (isUrl(whole)) return { kind: 'shards', pattern: whole };
  if (options !== '') {
    if (/^\w+$/.test(pattern)) throw unknownSource(pattern);
    throw new VitrailError('unknown-name', `"${spec}": shards take no options (${options}); did you mean mosaic:${spec}?`);
  }
  return { kind: 'shards', pattern };
}

/** The error for a bare word that is no source. */
export function unknownSource(name: string): VitrailError {
  const near = nearestName(name, ['scenes', 'mosaic']);
  return new VitrailError(
    'unknown-name',
    `there is no data source "${name}"${near === undefined ? '' : `; did you mean ${near}?`} (the specs are ${SPECS})`,
  );
}

/** Whether a pattern names files on a server. */
export function isUrl(pattern: string): boolean {
  return /^https?:\/\//i.test(pattern);
}

function readOptions<Options>(spec: string, kind: string, text: string, readers: Readers<Options>): Options {
  const options: Record<string, unknown> = {};
  for (const pair of text === '' ? [] : text.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!Object.hasOwn(readers, name)) throw unknownOption(spec, kind, name, Object.keys(readers));
    const [read, expected] = readers[name as keyof Options];
    const value = equals < 0 ? undefined : read(pair.slice(equals + 1));
    if (value === undefined)
      throw new VitrailError('invalid-argument', `"${spec}": ${name}= takes ${expected}, but ${JSON.stringify(pair)} came`);
    if (name in options) throw new VitrailError('invalid-argument', `"${spec}": ${name} is there twice`);
    options[name] = value;
  }
  return options as Options;
}

function unknownOption(spec: string, kind: string, name: string, known: readonly string[]): VitrailError {
  const near = nearestName(name, known);
  const query = spec.includes('://') ? "; the query of a URL stays where options follow it, as in 'a.tar?key=1?grid=2'" : '';
  return new VitrailError(
    'unknown-name',
    `"${spec}": ${kind} has no option "${name}"${near === undefined ? '' : `; did you mean "${near}"?`} (options: ${known.join(', ')}${query})`,
  );
}
