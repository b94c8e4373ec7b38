export { type AdafactorOptions, adafactor } from './adafactor.ts';
export { type AdamwOptions, adamw } from './adamw.ts';
export { clipByGlobalNorm } from './clip-by-global-norm.ts';
export { decaysByDefault } from './decays-by-default.ts';
export { clippingScale, globalNorm } from './global-norm.ts';
export { type KernelName, kernelNames } from './kernels.ts';
export { type LambOptions, lamb } from './lamb.ts';
export { layerwiseDecay, type TowerDecay } from './layerwise-decay.ts';
export type { Optimizer, OptimizerOptions } from './optimizer.ts';
