export { applyHeadTrunk, applyPrototypeHead, type HeadScores, unitPrototypes } from './apply-prototype-head.ts';
export { updateCenter } from './center.ts';
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
