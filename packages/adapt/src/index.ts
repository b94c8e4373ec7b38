export {
  type AdaLinkConfig,
  type AdaLinkModule,
  type AdaLinkParams,
  adaLink,
  adaLinkShapes,
  initAdaLink,
} from './ada-link.ts';
export { adaLinkOfTasks } from './ada-link-of-tasks.ts';
export {
  type AdaptableTower,
  type AdaptableTowers,
  adaptableClip,
  adaptableTips,
  type TowerParams,
} from './adaptable-towers.ts';
export { type Adapter, type AdapterConfig, createAdapter, type Modality } from './adapter.ts';
export {
  adaptedClassifier,
  type ClassPrompts,
  type FewShotClassifier,
  linearProbe,
  zeroShotClassifier,
} from './few-shot-classifier.ts';
export {
  allLinearLayers,
  initLora,
  type LoraConfig,
  type LoraParams,
  type LoraPart,
  loraShapes,
} from './lora.ts';
export { mergeAdaLinkIntoPatches, mergeAdaLinkIntoTable } from './merge-ada-link.ts';
export { mergeLora } from './merge-lora.ts';
export { promptClipText } from './prompt-clip-text.ts';
export { promptImage } from './prompt-image.ts';
export { promptText } from './prompt-text.ts';
export { initPrompts, type PromptConfig, type PromptParams, promptShapes } from './prompts.ts';
export { rankForCount } from './rank-for-count.ts';
export { requireLearnable } from './require-learnable.ts';
