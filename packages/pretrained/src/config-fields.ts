import { VitrailError } from '@vitrail/core';

/** A parsed `config.json`, or a part of one. Libraries leave out what is as they have it by default. */
export type ConfigFields = Readonly<Record<string, unknown>>;

/**
 * The number in a field.
 *
 * @param byDefault what the library takes where the field is left out
 * @throws `invalid-argument` for anything but a number
 * @example readNumber({ hidden_size: 384 }, 'hidden_size', 768) // 384
 */
export function readNumber(config: ConfigFields, name: string, byDefault: number): number {
  const value = config[name] ?? byDefault;
  if (typeof value === 'number') return value;
  throw new VitrailError('invalid-argument', `config.json: ${name} is a number, but ${JSON.stringify(value)} came`);
}

/**
 * A count in a field: of layers, heads, tokens, numbers.
 *
 * @param byDefault what the library takes where the field is left out
 * @throws `invalid-argument` for anything but a whole number from 1 to a million, or to a thousand for layers: a forged one cannot fill the memory
 * @example readCount({ num_hidden_layers: 24 }, 'num_hidden_layers', 12) // 24
 */
export function readCount(config: ConfigFields, name: string, byDefault: number): number {
  const value = readNumber(config, name, byDefault);
  const most = /layers$/.test(name) ? 1000 : 1_000_000;
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new VitrailError('invalid-argument', `config.json: ${name} is a whole number from 1 to ${most}, but ${value} came`);
}

/**
 * A count in a field that divides the width of a tower's tokens: of heads, or of the numbers in one.
 *
 * @param byDefault what the library takes where the field is left out
 * @param width of the tokens
 * @throws `invalid-argument` for one that does not, and for what is no count
 * @example readDivisor({ num_attention_heads: 6 }, 'num_attention_heads', 12, 384) // 6
 */
export function readDivisor(config: ConfigFields, name: string, byDefault: number, width: number): number {
  const value = readCount(config, name, byDefault);
  if (width % value === 0) return value;
  throw new VitrailError(
    'invalid-argument',
    `config.json: ${name} divides the width of the tokens, which is ${width}, but ${value} came`,
  );
}

/** The side of a square that is written as one number or as two equal ones; throws `invalid-argument` for anything else. */
export function readSide(config: ConfigFields, name: string, byDefault: number): number {
  const value = config[name] ?? byDefault;
  const [height, width] = Array.isArray(value) ? value : [value, value];
  if (typeof height === 'number' && height === width) return readCount({ [name]: height }, name, byDefault);
  throw new VitrailError(
    'invalid-argument',
    `config.json: ${name} is the side of a square, but ${JSON.stringify(value)} came: only squares are supported`,
  );
}

/**
 * The value of a field, if it is among those that are supported.
 *
 * @param supported the library's default first
 * @throws `invalid-argument` saying which are supported
 * @example readChoice({}, 'hidden_act', ['gelu', 'gelu_pytorch_tanh']) // 'gelu'
 */
export function readChoice<const Choice extends string | number | boolean>(
  config: ConfigFields,
  name: string,
  supported: readonly Choice[],
): Choice {
  const value = config[name] ?? supported[0];
  const found = supported.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new VitrailError(
    'invalid-argument',
    `config.json: ${name} is ${JSON.stringify(value)}, but models of this kind are supported with ${supported.map((choice) => JSON.stringify(choice)).join(' or ')}`,
  );
}

/** The fields of a part of a configuration, none where it is left out; throws `invalid-argument` for what is no object. */
export function readPart(config: ConfigFields, name: string): ConfigFields {
  const part = config[name] ?? {};
  if (typeof part === 'object' && !Array.isArray(part)) return part as ConfigFields;
  throw new VitrailError('invalid-argument', `config.json: ${name} is an object, but ${JSON.stringify(part)} came`);
}
