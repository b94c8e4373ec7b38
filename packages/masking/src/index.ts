export type { AttentiveMaskSpec } from './attentive-mask.ts';
export type { BlockMaskSpec } from './block-mask.ts';
export type { PatchGrid } from './patch-grid.ts';
export { type MaskSpec, type PatchMask, patchMask } from './patch-mask.ts';
export type { RandomMaskSpec } from './random-mask.ts';
export type { ReversedBlockMaskSpec } from './reversed-block-mask.ts';
export type { SquareMaskSpec } from './square-mask.ts';
