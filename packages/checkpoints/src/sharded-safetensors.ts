import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { concurrently } from './concurrently.ts';
import { openSafetensors } from './open-safetensors.ts';
import { encodeSafetensors } from './safetensors.ts';
import { dtypes, requireTensorData, type TensorData } from './tensor-data.ts';
import { type TensorFile, tensorFile } from './tensor-file.ts';

/** The most files that one index may name. */
const mostFiles = 1000;

/**
 * Opens safetensors files that an index holds together, as Hugging Face splits large models: reads the headers of all of them, and gives the
 * tensors one by one.
 *
 * Tensors of a file that the index does not look for there are named in `metadata.ignored`, as `file: name`. `total_size` is not compared
 * with anything: programs disagree on what it counts.
 *
 * @param index the parsed `model.safetensors.index.json`.
 * @param open gives the bytes of a file that the index names, a path relative to the index without `..`. Sources stay the caller's to close.
 * @throws `corrupt-data` when the index is none, names a file elsewhere, or a tensor that its file does not have; what `open` throws.
 *
 * @example await openShardedSafetensors(JSON.parse(text), (file) => openFileSource(join(folder, file)))
 */
export async function openShardedSafetensors(index: unknown, open: (file: string) => Promise<ByteSource>): Promise<TensorFile> {
  const { weightMap, metadata } = parseIndex(index);
  const names = [...new Set(weightMap.map(([, file]) => file))];
  if (names.length > mostFiles) throw corrupt(`it names ${names.length} files; ${mostFiles} are read at most`);
  const opened = await concurrently(names, async (name) => [name, await openSafetensors(await open(name))] as const);
  const files = new Map(opened);
  const entries = weightMap.map(([name, fileName]) => {
    const file = files.get(fileName);
    if (file === undefined || !Object.hasOwn(file.tensors, name)) throw corrupt(`${fileName} has no tensor "${name}"`);
    return [name, { ...file.tensors[name], file }] as const;
  });
  const placed = new Map(weightMap);
  const ignored = opened.flatMap(([fileName, { tensors }]) =>
    Object.keys(tensors)
      .filter((name) => placed.get(name) !== fileName)
      .map((name) => `${fileName}: ${name}`),
  );
  const texts: Record<string, string> = Object.assign({}, ...opened.map(([, file]) => file.metadata), metadata);
  if (ignored.length > 0) texts.ignored = ignored.join(', ');
  return tensorFile({ format: 'safetensors', metadata: texts, source: 'the index', entries }, ({ file }, name) =>
    file.read(name),
  );
}

/**
 * Named tensors as several safetensors files and the index that holds them together, in the order they come: a file ends before the tensor
 * that would make its tensors more than `maxShardBytes`. The names are those of Hugging Face: `model-00001-of-00003.safetensors`.
 *
 * @param options.maxShardBytes of values in a file; a tensor that is larger has a file of its own.
 * @returns `files` by name, and `index`, to be written as JSON beside them as `model.safetensors.index.json`.
 * @throws `invalid-argument` as `encodeSafetensors` does, and for a limit that is no positive number.
 *
 * @example Object.keys(encodeShardedSafetensors(tensors, { maxShardBytes: 5e9 }).files) // ['model-00001-of-00001.safetensors']
 */
export function encodeShardedSafetensors(
  tensors: Readonly<Record<string, TensorData>>,
  { maxShardBytes, metadata = { format: 'pt' } }: { maxShardBytes: number; metadata?: Readonly<Record<string, string>> },
): {
  files: Record<string, Uint8Array<ArrayBuffer>>;
  index: { metadata: { total_size: number }; weight_map: Record<string, string> };
} {
  if (!(maxShardBytes > 0))
    throw new VitrailError('invalid-argument', `maxShardBytes is a number above 0, but ${maxShardBytes} came`);
  const shards: [string, TensorData][][] = [[]];
  let [total, filled] = [0, 0];
  for (const [name, tensor] of Object.entries(tensors)) {
    requireTensorData(name, tensor);
    const size = tensor.values.length * dtypes[tensor.dtype].bytes;
    if (filled > 0 && filled + size > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards[shards.length - 1].push([name, tensor]);
    filled += size;
    total += size;
  }
  const number = (count: number) => String(count).padStart(5, '0');
  const named = shards.map((shard, i) => [`model-${number(i + 1)}-of-${number(shards.length)}.safetensors`, shard] as const);
  return {
    files: Object.fromEntries(named.map(([file, shard]) => [file, encodeSafetensors(Object.fromEntries(shard), metadata)])),
    index: {
      metadata: { total_size: total },
      weight_map: Object.fromEntries(named.flatMap(([file, shard]) => shard.map(([name]) => [name, file]))),
    },
  };
}

function parseIndex(index: unknown): { weightMap: [string, string][]; metadata: Record<string, string> } {
  if (!isRecord(index) || !isRecord(index.weight_map)) throw corrupt('an object with a "weight_map" is expected');
  const weightMap = Object.entries(index.weight_map).map(([name, file]): [string, string] => {
    if (typeof file !== 'string') throw corrupt(`the file of tensor "${name}" is no text`);
    if (file === '' || /[\\:?#\0]/.test(file) || file.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw corrupt(`the file of tensor "${name}", ${JSON.stringify(file.slice(0, 120))}, is not in the folder of the index`);
    }
    return [name, file];
  });
  const texts = isRecord(index.metadata) ? Object.entries(index.metadata) : [];
  const scalars = texts.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return { weightMap, metadata: Object.fromEntries(scalars.map(([name, value]) => [name, String(value)])) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(what: string): VitrailError {
  return new VitrailError('corrupt-data', `not a sound index of safetensors files: ${what}`);
}
