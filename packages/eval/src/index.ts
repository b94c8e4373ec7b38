export { chooseReadout } from './choose-readout.ts';
export { classEmbeddings } from './class-embeddings.ts';
export { type ConfusionMatrix, confusionMatrix } from './confusion-matrix.ts';
export { type KnnOptions, knn } from './knn.ts';
export { type PixelLabels, patchLabels } from './patch-labels.ts';
export { type PatchLinearProbeOptions, patchLinearProbe } from './patch-linear-probe.ts';
export { pcaMap } from './pca-map.ts';
export { type Recall, type RetrievalOptions, retrieval } from './retrieval.ts';
export { segmentByText } from './segment-by-text.ts';
export { type SlidingOptions, segmentSliding } from './segment-sliding.ts';
export { type SegmentationScores, segmentationScores } from './segmentation-scores.ts';
export {
  type ZeroShotAccuracy,
  type ZeroShotClassificationOptions,
  zeroShotClassification,
} from './zero-shot-classification.ts';
