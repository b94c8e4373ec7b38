export type { Encoders, ImageEncoder, ImageFeatures, ModelFamily, ModelHeader, Readout, TextEncoder } from './family.ts';
export { compareTensors, type Differences, describeDifferences, loadParameters, saveParameters } from './load-parameters.ts';
export {
  convolution,
  type Entry,
  layerNormNaming,
  linearNaming,
  type Naming,
  permuted,
  qkvNaming,
  type ReadValues,
  same,
  sideBySide,
  transposed,
  under,
} from './naming.ts';
