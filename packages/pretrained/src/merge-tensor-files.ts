import type { TensorFile, TensorInfo } from '@vitrail/checkpoints';
import { VitrailError } from '@vitrail/core';

/**
 * Several files as one: the vision and the text tower of TIPS are published as two.
 *
 * @param files at least one, each with a name for messages
 * @throws `invalid-argument` when two of them have a tensor of the same name
 */
export function mergeTensorFiles(files: readonly { readonly name: string; readonly file: TensorFile }[]): TensorFile {
  if (files.length === 1) return files[0].file;
  const owners = new Map<string, { readonly name: string; readonly file: TensorFile }>();
  const tensors: Record<string, TensorInfo> = {};
  for (const owner of files) {
    for (const [name, info] of Object.entries(owner.file.tensors)) {
      const other = owners.get(name);
      if (other !== undefined) {
        throw new VitrailError(
          'invalid-argument',
          `files of one model have no tensor in common, but ${other.name} and ${owner.name} both have "${name}": name only those that belong together`,
        );
      }
      owners.set(name, owner);
      tensors[name] = info;
    }
  }
  return {
    format: files[0].file.format,
    tensors,
    metadata: Object.assign({}, ...files.map(({ file }) => file.metadata)),
    read: (name) => {
      const owner = owners.get(name);
      if (owner === undefined) throw new VitrailError('unknown-name', `none of the files has a tensor "${name}"`);
      return owner.file.read(name);
    },
  };
}
