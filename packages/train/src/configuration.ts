import { flattenTree, nearestName, type Tree, unflattenTree, VitrailError } from '@vitrail/core';

/** A value at the end of a dotted path of a configuration. */
export type Setting = number | string | boolean | readonly (number | string | boolean | readonly string[])[];

/** A configuration: nested plain objects of settings. The defaults of a recipe are the schema: every path and type there is. */
export type Configuration = Tree<Setting>;

/**
 * The defaults with the overrides in place; neither is changed.
 *
 * Every path of the overrides must be a path of the defaults, and every value of the same type: a finite number for a number, a list for a
 * list, with elements of the types that the default's elements have (any, where the default is empty).
 *
 * @param source where the overrides come from, for messages: `--set`, the name of a file.
 * @throws `unknown-name` with the nearest path for a path that is not there; `invalid-argument` for a value of another type.
 * @example overrideConfiguration(defaults, { train: { steps: 100 } }, '--set').train.steps // 100
 */
export function overrideConfiguration<C extends Configuration>(defaults: C, overrides: Tree<unknown>, source: string): C {
  const known = flattenTree<Setting>(defaults);
  const settings = { ...known };
  for (const [path, value] of Object.entries(flattenOverrides(overrides, source))) {
    if (!Object.hasOwn(known, path)) throw unknownPath(path, Object.keys(known), source);
    if (!fits(value, known[path])) {
      throw new VitrailError(
        'invalid-argument',
        `${source}: ${path} is a ${describe(known[path])} (${show(known[path])} by default), but ${show(value)} came`,
      );
    }
    settings[path] = value as Setting;
  }
  return unflattenTree(settings) as C;
}

/**
 * Reads `path=value` assignments (`--set`): the value as JSON where it is JSON, as text where it is not. Of two for one path the last counts.
 *
 * @throws `invalid-argument` for what is no assignment.
 * @example parseAssignments(['train.steps=60', 'loss.patch=ibot']) // { train: { steps: 60 }, loss: { patch: 'ibot' } }
 */
export function parseAssignments(assignments: readonly string[]): Tree<unknown> {
  const flat: Record<string, unknown> = {};
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals <= 0) {
      throw new VitrailError('invalid-argument', `--set takes path=value (--set train.steps=60), but "${assignment}" came`);
    }
    flat[assignment.slice(0, equals).trim()] = parseValue(assignment.slice(equals + 1));
  }
  return unflattenTree(flat);
}

/** Throws `invalid-argument` unless the setting at `path` is one of `choices`; the message lists them and names the nearest. */
export function requireChoice(path: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const nearest = nearestName(value, choices);
  throw new VitrailError(
    'invalid-argument',
    `${path} is one of ${choices.join(', ')}, but "${value}" came${nearest ? `; did you mean "${nearest}"?` : ''}`,
  );
}

/** Throws `invalid-argument` unless the setting at `path` is a whole number in `[minimum, maximum]`. */
export function requireWhole(path: string, value: number, minimum: number, maximum = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new VitrailError('invalid-argument', `${path} is a whole number ${range}, but ${value} came`);
}

/** Throws `invalid-argument` unless the setting at `path` is a number in `[minimum, maximum]`. */
export function requireRange(path: string, value: number, minimum: number, maximum: number): void {
  if (value >= minimum && value <= maximum) return;
  throw new VitrailError('invalid-argument', `${path} is a number from ${minimum} to ${maximum}, but ${value} came`);
}

function unknownPath(path: string, known: readonly string[], source: string): VitrailError {
  const section = known.filter((candidate) => candidate.startsWith(`${path}.`));
  if (section.length > 0) {
    return new VitrailError('unknown-name', `${source}: ${path} is a section; set one of ${section.slice(0, 8).join(', ')}`);
  }
  // A path is often right but for its section (`steps` for `train.steps`), so names are compared as well as whole paths.
  const last = path.slice(path.lastIndexOf('.') + 1);
  const nearest =
    nearestName(path, known) ??
    known.find((candidate) => candidate.endsWith(`.${last}`)) ??
    known.find((candidate) => nearestName(last, [candidate.slice(candidate.lastIndexOf('.') + 1)]) !== undefined);
  return new VitrailError('unknown-name', `${source}: there is no "${path}"${nearest ? `; did you mean "${nearest}"?` : ''}`);
}

function flattenOverrides(overrides: Tree<unknown>, source: string): Record<string, unknown> {
  try {
    return flattenTree<unknown>(overrides);
  } catch (cause) {
    const { message } = cause as Error;
    throw new VitrailError('invalid-argument', `${source}: ${message}; nest objects instead: {"train":{"steps":60}}`, { cause });
  }
}

function fits(value: unknown, usual: unknown): boolean {
  if (!Array.isArray(usual)) return typeof value === typeof usual && !isUnusable(value);
  if (!Array.isArray(value)) return false;
  return value.every((element) => (usual.length === 0 ? !isUnusable(element) : usual.some((other) => fits(element, other))));
}

function isUnusable(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value));
}

function describe(usual: unknown): string {
  if (!Array.isArray(usual)) return typeof usual;
  const kinds = [...new Set(usual.map((element) => (Array.isArray(element) ? 'lists' : `${typeof element}s`)))];
  return kinds.length === 0 ? 'list' : `list of ${kinds.join(' and ')}`;
}

function show(value: unknown): string {
  return typeof value === 'number' || value === undefined ? String(value) : JSON.stringify(value);
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
