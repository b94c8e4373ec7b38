export {
  type Configuration,
  overrideConfiguration,
  parseAssignments,
  requireChoice,
  requireRange,
  requireWhole,
  type Setting,
} from './configuration.ts';
export { unlessLost } from './device-loss.ts';
export { type Ledger, openLedger, type StepNumbers } from './ledger.ts';
export { type LoopResult, runLoop, type StepReport } from './loop.ts';
export { type NonFiniteGuard, nonFiniteGuard } from './non-finite-guard.ts';
export type { LossResult, TrainProgram, TrainState } from './program.ts';
export type { Tracker, TrackerRow } from './tracker.ts';
export { createTrainStep, disposeState, initTrainState, type StepOutcome, type TrainStep } from './train-step.ts';
