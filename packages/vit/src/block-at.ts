import { VitrailError } from '@vitrail/core';

/**
 * Block `index` of a tower's parameters.
 *
 * @throws `shape-mismatch` when the parameters hold fewer blocks than the configuration's `depth`
 * @example blockAt('applyVit', params.blocks, 0, config.depth).attn.qkv.kernel.shape // [384, 1152]
 */
export function blockAt<Block>(what: string, blocks: Readonly<Record<string, Block>>, index: number, depth: number): Block {
  if (Object.hasOwn(blocks, index)) return blocks[index];
  throw new VitrailError(
    'shape-mismatch',
    `${what}: the configuration has ${depth} blocks, but the parameters have no block ${index}`,
  );
}
