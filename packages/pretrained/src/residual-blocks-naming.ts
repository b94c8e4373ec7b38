import { layerNormNaming, linearNaming, type Naming, same, transposed, under } from './naming.ts';

/**
 * Where the blocks of a tower are that is named as CLIP's of OpenAI: `blocks.0`, ... in `PREFIX.0`, ... with `ln_1`, PyTorch's packed
 * `attn.in_proj_weight`, `ln_2` and an MLP of `c_fc` and `c_proj`.
 */
export function residualBlocksNaming(
  prefix: string,
  { depth, width, mlpHidden }: { readonly depth: number; readonly width: number; readonly mlpHidden: number },
): Naming {
  const blocks = Array.from({ length: depth }, (_, i) => {
    const block = `${prefix}.${i}`;
    return under(`blocks.${i}`, {
      ...under('norm1', layerNormNaming(`${block}.ln_1`, width)),
      'attn.qkv.kernel': transposed(`${block}.attn.in_proj_weight`, width, 3 * width),
      'attn.qkv.bias': same(`${block}.attn.in_proj_bias`, [3 * width]),
      ...under('attn.proj', linearNaming(`${block}.attn.out_proj`, width, width)),
      ...under('norm2', layerNormNaming(`${block}.ln_2`, width)),
      ...under('mlp.fc1', linearNaming(`${block}.mlp.c_fc`, width, mlpHidden)),
      ...under('mlp.fc2', linearNaming(`${block}.mlp.c_proj`, mlpHidden, width)),
    });
  });
  return Object.assign({}, ...blocks);
}
