export { applyVit, type VitOptions, type VitOutputs } from './apply-vit.ts';
export { type AttentionPoolParams, applyAttentionPool, attentionPoolShapes } from './attention-pool.ts';
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
  projectClipTokens,
} from './clip-vit.ts';
export {
  applyDinov2,
  type Dinov2Config,
  type Dinov2Options,
  type Dinov2Outputs,
  type Dinov2Params,
  dinov2Presets,
  dinov2Shapes,
  initDinov2,
} from './dinov2-vit.ts';
export { type EmbeddingHooks, hookEmbeddings } from './embedding-hooks.ts';
export { applyEvaBlock, type EvaBlockConfig, type EvaBlockParams, type EvaMlpParams, evaBlockShapes } from './eva-block.ts';
export { type EvaVitInitialization, initEvaVit } from './eva-initialization.ts';
export { type EvaVitPresetName, evaVitPresets } from './eva-presets.ts';
export { evaRotary, keptRotary } from './eva-rotary.ts';
export {
  applyEvaVit,
  type EvaVitConfig,
  type EvaVitOptions,
  type EvaVitOutputs,
  type EvaVitParams,
  evaVitParameterCount,
  evaVitShapes,
} from './eva-vit.ts';
export { localInitialization } from './local-initialization.ts';
export { gridSide, type PatchGrid } from './patch-embed.ts';
export { type Dinov2Resizing, dinov2Positions } from './position-dinov2.ts';
export {
  antialiasedPositions,
  bicubicPositions,
  bilinearPositions,
  cornerPositions,
  offsetPositions,
  type PositionResizing,
} from './position-resizing.ts';
export { type VitPresetName, vitPresets } from './presets.ts';
export { requireTower } from './require-tower.ts';
export { resizeEvaVit } from './resize-eva-vit.ts';
export {
  applySiglipVit,
  initSiglipVit,
  type SiglipVitConfig,
  type SiglipVitOutputs,
  type SiglipVitParams,
  siglipVitPresets,
  siglipVitShapes,
} from './siglip-vit.ts';
export { readValues } from './value-readout.ts';
export { initVit, type VitConfig, type VitInitialization, type VitParams, vitParameterCount, vitShapes } from './vit.ts';
