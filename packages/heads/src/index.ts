export { applyHeadTrunk, applyPrototypeHead, type HeadScores, unitPrototypes } from './apply-prototype-head.ts';
export {
  type BatchNormOptions,
  type BatchNormParams,
  type BatchNormStatistics,
  batchNorm,
  initBatchNormStatistics,
} from './batch-norm.ts';
export { updateCenter } from './center.ts';
export {
  barLipProjector,
  clipRocketProjector,
  siamLipPredictor,
  siamLipProjector,
  swaLipProjector,
} from './clip-rocket-mlps.ts';
export {
  type ClipRocketProjectorParams,
  type ClipRocketProjectors,
  type ClipRocketStatistics,
  clipRocketProjectorShapes,
  initClipRocketProjectors,
  initClipRocketStatistics,
} from './clip-rocket-projectors.ts';
export {
  applyMlp,
  initMlp,
  initMlpStatistics,
  type MlpConfig,
  type MlpLayer,
  type MlpParams,
  type MlpStatistics,
  mlpShapes,
} from './mlp.ts';
export {
  type HeadTrunkParams,
  initHeadTrunk,
  initPrototypeHead,
  initPrototypes,
  type PrototypeHeadConfig,
  type PrototypeHeadParams,
  type PrototypeParams,
  prototypeHeadParameterCount,
  prototypeHeadShapes,
} from './prototype-head.ts';
export { teacherTemperature } from './teacher-temperature.ts';
