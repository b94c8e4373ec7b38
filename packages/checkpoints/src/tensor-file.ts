import type { Dtype, TensorData } from './tensor-data.ts';

/** What a table of contents says of a tensor. */
export type TensorInfo = { readonly dtype: Dtype; readonly shape: readonly number[] };

/** A file of named tensors of which the table of contents was read and checked, and nothing else. */
export type TensorFile = {
  readonly format: 'safetensors' | 'npz' | 'torch';
  /** By name, in the order of the file. */
  readonly tensors: Readonly<Record<string, TensorInfo>>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor: its bytes and no others, unless the format compresses them or interleaves them with those of another.
   *
   * @throws `unknown-name` for a name that the file does not have; `corrupt-data` when the bytes are not what the table of contents says;
   * what the source throws.
   */
  read(name: string): Promise<TensorData>;
};
