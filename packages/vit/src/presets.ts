import type { VitConfig } from './vit.ts';

/** The sizes of vision towers that TIPS and TIPSv2 come in. */
export type VitPresetName = 'S/14' | 'B/14' | 'L/14' | 'So400m/14' | 'g/14';

/**
 * The vision towers of TIPSv2 (S/14: of TIPS only): patches of 14 pixels, two CLS tokens, positions on a 32 x 32 grid.
 *
 * For TIPS, whose grid is 16 x 16: `{ ...vitPresets['B/14'], positionGrid: 16 }`. To pretrain with masks: `{ ..., maskToken: true }`, which
 * adds `width` parameters to the published counts (86.3M for B/14; 85.7M with the grid of TIPS).
 *
 * @see TIPSv2, arXiv 2604.12012, table 16; scenic `models/vit.py` (get_vit_config). GELU is its tanh approximation as in scenic; the PyTorch
 *   port computes it exactly
 */
export const vitPresets: Readonly<Record<VitPresetName, VitConfig>> = {
  'S/14': tower({ width: 384, depth: 12, heads: 6, mlp: { kind: 'gelu-tanh', hidden: 1536 } }),
  'B/14': tower({ width: 768, depth: 12, heads: 12, mlp: { kind: 'gelu-tanh', hidden: 3072 } }),
  'L/14': tower({ width: 1024, depth: 24, heads: 16, mlp: { kind: 'gelu-tanh', hidden: 4096 } }),
  'So400m/14': tower({ width: 1152, depth: 27, heads: 16, mlp: { kind: 'gelu-tanh', hidden: 4304 } }),
  // 4096 is two thirds of the nominal 6144, rounded up to a multiple of 8: SwiGLU has three matrices where an MLP has two.
  'g/14': tower({ width: 1536, depth: 40, heads: 24, mlp: { kind: 'swiglu', hidden: 4096 } }),
};

function tower(size: Pick<VitConfig, 'width' | 'depth' | 'heads' | 'mlp'>): VitConfig {
  return { imageSize: 448, patchSize: 14, ...size, clsTokens: 2, positionGrid: 32, maskToken: false };
}
