export { type BarlipConfiguration, barlip } from './barlip.ts';
export { disposeBatch, textBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
export { type ByolipConfiguration, byolip } from './byolip.ts';
export { clip } from './clip.ts';
export {
  assembleClipRocket,
  clipRocket,
  type RocketBatch,
  type RocketCarried,
  type RocketConfiguration,
  type RocketParams,
  type RocketSystem,
  type RocketTerm,
  type TermInputs,
} from './clip-rocket.ts';
export type {
  CaptionsSection,
  DataSection,
  DualEncoderConfiguration,
  ImageTowerSection,
  OptimizerSection,
  RunConfiguration,
  TextTowerSection,
  TrainSection,
  ViewsSection,
} from './configuration.ts';
export { contrastiveLoss } from './contrastive-loss.ts';
export { type DualEncoder, type DualEncoderParams, type DualEncoderSystem, dualEncoder, type TextBatch } from './dual-encoder.ts';
export { type FlipBatch, type FlipConfiguration, flip } from './flip.ts';
export { buildOptimizer } from './optimizer.ts';
export type { Preset, Recipe, System, TrainedModel } from './recipe.ts';
export { findRecipe, recipes } from './registry.ts';
export { type SiamlipConfiguration, siamlip } from './siamlip.ts';
export { type SiglipConfiguration, type SiglipParams, siglip } from './siglip.ts';
export { estimateStepMemory, type LargestTensor, type StepMemory } from './step-memory.ts';
export { type SwalipConfiguration, swalip } from './swalip.ts';
export { tips } from './tips.ts';
export type { TipsConfiguration } from './tips-configuration.ts';
export { assembleTips, type TipsBatch, type TipsCarried, type TipsParams, tipsv2 } from './tipsv2.ts';
export { type UtaBatch, type UtaConfiguration, type UtaParams, type UtaSystem, uta } from './uta.ts';
