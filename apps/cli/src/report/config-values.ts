/** One value of a configuration by its dotted path (`train.batchSize`), or `undefined` where the path leads nowhere. */
export function configValue(config: unknown, path: string): unknown {
  let value = config;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The value at a path when it is a text with something in it or a number, as text. */
export function configText(config: unknown, path: string): string | undefined {
  const value = configValue(config, path);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/**
 * Every value of a nested object by its dotted path, in order. Lists of plain values and empty objects count as one value, as JSON has
 * them; objects inside lists are opened by index.
 */
export function flattenValues(value: unknown, path = ''): [path: string, value: unknown][] {
  const isOpened =
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length > 0 &&
    !(Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null || Array.isArray(item)));
  if (!isOpened) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => flattenValues(inner, path === '' ? name : `${path}.${name}`));
}
