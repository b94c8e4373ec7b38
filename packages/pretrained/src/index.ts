export { describedModel } from './described-model.ts';
export { type ExportFormat, exportFormats, exportModel } from './export/export-model.ts';
export { type ExportableModel, type ExportedModel, requireExportable } from './export/exportable.ts';
export { type ClipFolderConfig, clip } from './families/clip.ts';
export type { ClipModelConfig, ClipTowers } from './families/clip-towers.ts';
export { type Dinov2ModelConfig, dinov2 } from './families/dinov2.ts';
export { type Dinov2OfficialConfig, dinov2Official } from './families/dinov2-official.ts';
export type { EvaClipConfig } from './families/eva-clip.ts';
export { evaOpenClip } from './families/eva-open-clip.ts';
export { type EvaTimmConfig, evaTimm } from './families/eva-timm.ts';
export type { EvaLayout } from './families/eva-tower.ts';
export { type OpenClipConfig, openClip } from './families/open-clip.ts';
export { type SiglipModelConfig, siglip } from './families/siglip.ts';
export { type SiglipBigVisionConfig, siglipBigVision } from './families/siglip-big-vision.ts';
export { type SiglipOpenClipConfig, siglipOpenClip } from './families/siglip-open-clip.ts';
export type { SiglipTowers } from './families/siglip-towers.ts';
export { tipsPytorch } from './families/tips-pytorch.ts';
export { tipsScenic } from './families/tips-scenic.ts';
export type { TipsModelConfig } from './families/tips-tower.ts';
export { type Tipsv2ModelConfig, tipsv2 } from './families/tipsv2.ts';
export { uta } from './families/uta.ts';
export { type VitrailFileConfig, type VitrailModelConfig, vitrail } from './families/vitrail.ts';
export type { AlignedModelConfig } from './families/vitrail-aligned.ts';
export { readVitrailMetadata, type VitrailDescription, vitrailMetadata } from './families/vitrail-metadata.ts';
export { type RocketModelConfig, vitrailRocket } from './families/vitrail-rocket.ts';
export { families } from './families.ts';
export type { Encoders, ImageEncoder, ImageFeatures, ModelFamily, ModelHeader, Readout, TextEncoder } from './family.ts';
export { compareTensors, type Differences, describeDifferences, loadParameters, saveParameters } from './load-parameters.ts';
export { type Model, modelOf } from './model.ts';
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
export { type OpenedModel, type OpenModelOptions, openModel } from './open-model.ts';
