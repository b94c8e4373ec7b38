export { applyVit, type VitOptions, type VitOutputs } from './apply-vit.ts';
export {
  applyBlock,
  type BlockConfig,
  type BlockOptions,
  type BlockParams,
  blockShapes,
  initBlock,
  type MlpParams,
} from './block.ts';
export { blockAt } from './block-at.ts';
export {
  applyClipVit,
  type ClipVitConfig,
  type ClipVitOutputs,
  type ClipVitParams,
  clipVitPresets,
  clipVitShapes,
  initClipVit,
} from './clip-vit.ts';
export { localInitialization } from './local-initialization.ts';
export type { PatchGrid } from './patch-embed.ts';
export { type VitPresetName, vitPresets } from './presets.ts';
export { requireTower } from './require-tower.ts';
export { readValues } from './value-readout.ts';
export { initVit, type VitConfig, type VitInitialization, type VitParams, vitParameterCount, vitShapes } from './vit.ts';
