import { nearestName, VitrailError } from '@vitrail/core';
import type { Dtype, TensorData } from './tensor-data.ts';

/** What a table of contents says of a tensor. */
export type TensorInfo = { readonly dtype: Dtype; readonly shape: readonly number[] };

/** A file of named tensors of which the table of contents was read and checked, and nothing else. */
export type TensorFile = {
  readonly format: 'safetensors' | 'npz' | 'torch';
  /** By name, in the order of the file. */
  readonly tensors: Readonly<Record<string, TensorInfo>>;
  /** Texts of the file; `ignored` lists what is in it beside the tensors, where the format allows that. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor, the caller's own copy: its bytes and no others, unless the format compresses them or interleaves them with those of
   * another.
   *
   * @throws `unknown-name` for a name that the file does not have; `corrupt-data` when the bytes are not what the table of contents says;
   * what the source throws.
   */
  read(name: string): Promise<TensorData>;
};

/** A tensor file of entries that know where their tensors lie, and of what reads one of them. */
export function tensorFile<Entry extends TensorInfo>(
  file: Pick<TensorFile, 'format' | 'metadata'> & { source: string; entries: readonly (readonly [string, Entry])[] },
  readEntry: (entry: Entry, name: string) => Promise<TensorData>,
): TensorFile {
  const { format, metadata, source } = file;
  const entries = new Map(file.entries);
  const tensors = Object.fromEntries(file.entries.map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
  return {
    format,
    metadata,
    tensors,
    async read(name) {
      const entry = entries.get(name);
      if (entry !== undefined) return await readEntry(entry, name);
      const near = nearestName(name, entries.keys());
      const hint = near === undefined ? `it has ${entries.size} others` : `did you mean "${near}"?`;
      throw new VitrailError('unknown-name', `${source} has no tensor "${name}"; ${hint}`);
    },
  };
}
