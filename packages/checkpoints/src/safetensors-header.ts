import { VitrailError } from '@vitrail/core';
import { duplicateName } from './duplicate-names.ts';
import { type Dtype, dtypes, elementCount } from './tensor-data.ts';

/** Where a tensor lies: bytes `[begin, end)` of the data that follows the header. */
export type TensorEntry = { name: string; dtype: Dtype; shape: readonly number[]; begin: number; end: number };

/** What the header of a safetensors file says. */
export type SafetensorsHeader = { entries: readonly TensorEntry[]; metadata: Record<string, string> };

/** The longest header that is read, in bytes: the limit of the format's reference implementation. */
const maximumLength = 100_000_000;

const metadataName = '__metadata__';

/** The header as it stands in the file: its length in 8 bytes, then JSON, then spaces up to a multiple of 8 bytes. */
export function formatHeader({ entries, metadata }: SafetensorsHeader): Uint8Array {
  const members: [string, unknown][] = entries.map(({ name, dtype, shape, begin, end }) => [
    name,
    { dtype, shape, data_offsets: [begin, end] },
  ]);
  if (Object.keys(metadata).length > 0) {
    const sorted = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
    members.unshift([metadataName, Object.fromEntries(sorted)]);
  }
  // An object would move names that are whole numbers to the front: the order in the file is the order of the data.
  const json = `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

/**
 * The length of the JSON in bytes, as the first 8 bytes of a file say.
 *
 * @throws `corrupt-data` when it is past the limit of the format, or past the end of the file.
 */
export function headerLength(first: Uint8Array, fileSize: number): number {
  if (fileSize < 8) throw corrupt(`a file has at least 8 bytes, but this one has ${fileSize}`);
  const declared = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (declared > maximumLength) throw corrupt(`a header has at most ${maximumLength} bytes, but this one claims ${declared}`);
  const length = Number(declared);
  if (8 + length > fileSize) throw corrupt(`the header claims ${length} bytes, but only ${fileSize - 8} follow`);
  return length;
}

/**
 * Reads and checks a header.
 *
 * @param bytes the JSON, of the length that {@link headerLength} gives.
 * @param dataLength the bytes that follow it up to the end of the file.
 * @throws `corrupt-data` saying what is wrong.
 */
export function parseHeader(bytes: Uint8Array, dataLength: number): SafetensorsHeader {
  const json = parseObject(decodeText(bytes));
  const entries = Object.entries(json)
    .filter(([name]) => name !== metadataName)
    .map(([name, value]) => parseEntry(name, value));
  requireContiguous(entries, dataLength);
  return { entries, metadata: parseMetadata(json[metadataName]) };
}

/** Orders text as its UTF-8 bytes are ordered, which is not how JavaScript orders characters past U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i].codePointAt(0)! - right[i].codePointAt(0)!;
  }
  return left.length - right.length;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw corrupt('the header is not UTF-8 text', cause);
  }
}

function parseObject(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(`the header is not JSON (${(cause as Error).message})`, cause);
  }
  if (!isRecord(json)) throw corrupt('the header is not a JSON object');
  const name = duplicateName(text);
  if (name !== undefined) throw corrupt(`the name "${name}" stands twice in the header`);
  return json;
}

function parseEntry(name: string, value: unknown): TensorEntry {
  const wrong = (what: string) => corrupt(`tensor "${name}": ${what}`);
  if (!isRecord(value)) throw wrong('its entry is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!(typeof dtype === 'string' && Object.hasOwn(dtypes, dtype))) {
    throw wrong(`dtype is one of ${Object.keys(dtypes).join(', ')}, but ${JSON.stringify(dtype)} stands there`);
  }
  const count = Array.isArray(shape) ? elementCount(shape) : undefined;
  if (count === undefined) throw wrong(`${JSON.stringify(shape)} is no shape`);
  if (!(Array.isArray(offsets) && offsets.length === 2 && offsets.every(isOffset) && offsets[0] <= offsets[1])) {
    throw wrong(`data_offsets are [begin, end] with begin <= end, but ${JSON.stringify(offsets)} stands there`);
  }
  const [begin, end] = offsets;
  const expected = count * dtypes[dtype as Dtype].bytes;
  if (end - begin !== expected) {
    throw wrong(`${dtype} of shape ${JSON.stringify(shape)} takes ${expected} bytes, but data_offsets span ${end - begin}`);
  }
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

function parseMetadata(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw corrupt(`${metadataName} is an object of texts`);
  }
  return value as Record<string, string>;
}

/** The tensors cover the data from end to end: no byte belongs to two, or to none. */
function requireContiguous(entries: readonly TensorEntry[], dataLength: number): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const what = begin < covered ? 'overlaps the tensor before it' : `leaves ${begin - covered} bytes unused before it`;
      throw corrupt(`tensor "${name}" ${what}`);
    }
    covered = end;
  }
  if (covered !== dataLength) throw corrupt(`the tensors take ${covered} bytes, but ${dataLength} bytes of data are there`);
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(what: string, cause?: unknown): VitrailError {
  return new VitrailError('corrupt-data', `not a sound safetensors file: ${what}`, { cause });
}
