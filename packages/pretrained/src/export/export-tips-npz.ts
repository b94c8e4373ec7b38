import { encodeNpz, type TensorData } from '@vitrail/checkpoints';
import type { TensorTree } from '@vitrail/core';
import type { VitConfig } from '@vitrail/vit';
import { tipsPytorch } from '../families/tips-pytorch.ts';
import { tipsScenic } from '../families/tips-scenic.ts';
import { saveParameters } from '../load-parameters.ts';
import type { Naming } from '../naming.ts';
import type { ExportableModel, ExportedModel } from './exportable.ts';
import { saveVision, type VisionForm } from './save-vision.ts';

/**
 * `vision.npz` and `text.npz` with the names of TIPS' scenic code, to be read with its classes configured as the model is.
 *
 * There is no mask token and no LayerScale in that form: the first is left out, the second multiplied into the layers that it scales.
 */
export async function exportTipsScenic(model: ExportableModel): Promise<ExportedModel> {
  const { vit } = model;
  const form = { positionGrid: vit.positionGrid, maskToken: false, layerScale: false };
  const notes = [
    ...(vit.mlp.kind === 'gelu' ? ['scenic computes GELU by tanh, this model exactly: outputs differ by about 1e-3'] : []),
    ...(model.text.epsilon !== undefined && model.text.epsilon !== 1e-6
      ? [`scenic adds 1e-6 to variances of texts, this model ${model.text.epsilon}`]
      : []),
    ...(vit.maskToken ? ['the mask token is left out: scenic has none'] : []),
  ];
  return { files: await twoFiles(model, form, (config) => tipsScenic.naming(config)), notes };
}

/**
 * `vision.npz` and `text.npz` with the names of TIPS' PyTorch code, to be read with its classes configured as the model is.
 *
 * That code has two CLS tokens, positions on the grid of the images, a mask token and LayerScale: what the model lacks is filled in so that
 * it computes the same.
 *
 * @throws `invalid-argument` for a model with another number of CLS tokens
 */
export async function exportTipsPytorch(model: ExportableModel): Promise<ExportedModel> {
  const { vit, text } = model;
  const form = { positionGrid: vit.imageSize / vit.patchSize, maskToken: true, layerScale: true };
  const notes = [
    ...(vit.mlp.kind === 'gelu-tanh'
      ? ['TIPS in PyTorch computes GELU exactly, this model by tanh: outputs differ by about 1e-3']
      : []),
    ...((text.epsilon ?? 1e-6) === 1e-5
      ? []
      : ['TIPS in PyTorch adds 1e-5 to variances of texts, this model 1e-6: outputs differ by about 1e-4']),
    ...(vit.width % 64 === 0 && vit.heads === vit.width / 64
      ? []
      : [
          `weights do not say how many heads a tower has: make the classes of TIPS with num_heads=${vit.heads} for images and ${text.heads} for texts`,
        ]),
  ];
  return { files: await twoFiles(model, form, (config) => tipsPytorch.naming(config)), notes };
}

async function twoFiles(
  { vit, text, params }: ExportableModel,
  form: VisionForm,
  naming: (config: { vit: VitConfig; text: ExportableModel['text'] }) => Naming,
): Promise<Record<string, Uint8Array>> {
  const part = (config: VitConfig, name: 'image' | 'text') => partOf(naming({ vit: config, text }), name);
  const vision = await saveVision(vit, params.image as TensorTree, form, (config) => part(config, 'image'));
  const texts: Record<string, TensorData> = await saveParameters(params.text as TensorTree, part(vit, 'text'));
  return { 'vision.npz': encodeNpz(vision), 'text.npz': encodeNpz(texts) };
}

/** The naming of one tower, by paths within it. */
function partOf(naming: Naming, tower: string): Naming {
  const entries = Object.entries(naming).filter(([path]) => path.startsWith(`${tower}.`));
  return Object.fromEntries(entries.map(([path, entry]) => [path.slice(tower.length + 1), entry]));
}
