export type { BadSample } from './bad-samples.ts';
export type { Batch, BatchSample, LoadOptions } from './batch.ts';
export { augment } from './images/augmentation/augment.ts';
export type { Augmentation } from './images/augmentation/augmentation.ts';
export type { ColorJitter } from './images/augmentation/color-jitter.ts';
export { byolViews, clipRocketStrong, clipRocketWeak, evaView, openClipView } from './images/augmentation/named-augmentations.ts';
export {
  type CropRounding,
  type ImagePreparation,
  type ImageResize,
  type PerChannel,
  type PixelStatistics,
  pixelStatistics,
  preparedSize,
} from './images/image-preparation.ts';
export { type OpenClipPreprocess, openClipPreparation } from './images/open-clip-preparation.ts';
export { prepareImage } from './images/prepare-image.ts';
export { parsePreprocessorConfig } from './images/preprocessor-config.ts';
export type { ResampleFilter } from './images/resample.ts';
export { resizeImage } from './images/resize-image.ts';
export { tipsPreparation } from './images/tips-preparation.ts';
export { makeViews, requireViewSpec, type ViewSpec, type Views } from './images/views.ts';
export { loadBatches } from './load-batches.ts';
export { type MosaicOptions, mosaicSource } from './mosaics/mosaic-source.ts';
export type { ImageDecoder, LabelMap, RgbImage, Sample, SampleCaptions, SampleSource } from './sample.ts';
export { type SceneOptions, sceneSource } from './scenes/scene-source.ts';
export { type FolderFile, folderSource } from './shards/folder-source.ts';
export { type HttpOptions, httpReader, type MemoryBudget } from './shards/http-reader.ts';
export type { Shard } from './shards/index-shards.ts';
export type { IndexStore } from './shards/kept-index.ts';
export { blobReader, type RangeReader } from './shards/range-reader.ts';
export { openShards, type ShardOptions } from './shards/shard-source.ts';
