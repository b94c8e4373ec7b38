export { type BarlipConfiguration, barlip } from './barlip.ts';
export { disposeBatch, type ImageBatch, imageBatch, textBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
export { type ByolipConfiguration, byolip } from './byolip.ts';
export { bytesInUnits } from './bytes-in-units.ts';
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
  ImageConfiguration,
  ImageTowerSection,
  OptimizerSection,
  RunConfiguration,
  TextTowerSection,
  TrainSection,
  ViewsSection,
} from './configuration.ts';
export { contrastiveLoss } from './contrastive-loss.ts';
export { type DinoConfiguration, type DinoParams, dino } from './dino.ts';
export { type DistillBatch, type DistillConfiguration, type DistillParams, type DistillSystem, distill } from './distill.ts';
export { type DualEncoder, type DualEncoderParams, type DualEncoderSystem, dualEncoder, type TextBatch } from './dual-encoder.ts';
export { type FlipBatch, type FlipConfiguration, flip } from './flip.ts';
export { type IbotBatch, type IbotConfiguration, type IbotParams, ibot } from './ibot.ts';
export { learnTokenizer } from './learn-tokenizer.ts';
export { type MaeBatch, type MaeConfiguration, type MaeParams, mae } from './mae.ts';
export { buildOptimizer } from './optimizer.ts';
export type { NamedModel, Preset, Recipe, System, TrainedModel } from './recipe.ts';
export { findRecipe, recipes } from './registry.ts';
export { type SiamlipConfiguration, siamlip } from './siamlip.ts';
export { type SiglipConfiguration, type SiglipParams, siglip } from './siglip.ts';
export { type SimMimBatch, type SimMimConfiguration, type SimMimParams, simmim } from './simmim.ts';
export type { LargestTensor, MemoryOptions, StepMemory } from './step-memory.ts';
export { type SwalipConfiguration, swalip } from './swalip.ts';
export { tips } from './tips.ts';
export type { TipsConfiguration } from './tips-configuration.ts';
export { assembleTips, type TipsBatch, type TipsCarried, type TipsParams, tipsv2 } from './tipsv2.ts';
export {
  modelTensors,
  readTrainingFiles,
  type TrainingFileName,
  type TrainingIdentity,
  type TrainingNotes,
  trainingFiles,
} from './training-files.ts';
export { type UtaBatch, type UtaConfiguration, type UtaParams, type UtaSystem, uta } from './uta.ts';
export {
  type UtaContrastiveBatch,
  type UtaContrastiveConfiguration,
  type UtaContrastiveParams,
  type UtaContrastiveSystem,
  utaContrastive,
} from './uta-contrastive.ts';
