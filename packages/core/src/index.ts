export type { AllReduce } from './all-reduce.ts';
export { isVitrailError, nearestName, VitrailError, type VitrailErrorCode } from './errors.ts';
export {
  fanInUniform,
  filled,
  type InitializationRule,
  type Initializer,
  initParameters,
  normal,
  truncatedNormal,
  xavierUniform,
} from './initial-values.ts';
export { countShapes, layerNormShapes, linearShapes, type ParameterShapes } from './parameter-shapes.ts';
export { requireLastAxis, requireShape } from './require-shape.ts';
export { createRng, type Rng } from './rng.ts';
export { constant, cosine, joinSchedules, linear, type Schedule, warmup } from './schedules.ts';
export {
  countParameters,
  disposeTree,
  flattenTree,
  mapTree,
  partitionTree,
  selectPaths,
  type TensorTree,
  type Tree,
  treeLeaves,
  unflattenTree,
  zipTrees,
} from './tree.ts';
