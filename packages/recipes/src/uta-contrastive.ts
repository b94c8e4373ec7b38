/**
 * UTA, second stage: a student that was aligned without text, and the text tower of its teacher, are tuned together on pairs.
 *
 * "Enhancing Vision-Language Model with Unmasked Token Alignment", TMLR 2024, arXiv 2405.19009, section 3 and appendix A.1. The temperature
 * is fixed at 0.01, the optimiser is LAMB with rates that fall towards the input.
 *
 * What the paper leaves open, and what stands here for it (EVA-CLIP's): the text tower's rate is a tenth, its decay 0.75, crops keep nine
 * tenths and are never mirrored. Betas and epsilon are those of the first stage. Any model that was pretrained here with texts can be tuned, at
 * the size of its crops and patches. Left out: B's patches of 16 pixels in this stage, and its end at 336 pixels.
 *
 *   vitrail pretrain --recipe uta-contrastive:tiny --data scenes --set start.model=runs/UTA
 *
 * 200 steps, 33 seconds of one CPU core (wasm), on 300 steps of `uta:tiny`. On 256 unseen scenes: zero-shot top 1 from 0.211 to 0.262 (guessing 0.05), picture to
 * text R@1 from 0.305 to 0.356, mIoU from 0.198 to 0.203.
 */
import {
  mean,
  type Scalar,
  scalar,
  slice,
  squeeze,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import { mapTree, type TensorTree, VitrailError } from '@vitrail/core';
import { infoNce } from '@vitrail/losses';
import { layerwiseDecay } from '@vitrail/optim';
import type { OpenedModel } from '@vitrail/pretrained';
import { requireRange } from '@vitrail/train';
import { drawnCaptions, requireTokenizer, textBatch } from './batch.ts';
import type { CaptionsSection, RunConfiguration } from './configuration.ts';
import type { TextBatch } from './dual-encoder.ts';
import { normalizePictures } from './normalize-pictures.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { requireRun } from './require-settings.ts';
import { utaContrastiveMemory } from './uta-contrastive-memory.ts';
import { requireStart } from './uta-contrastive-start.ts';
import { utaContrastivePresets } from './uta-presets.ts';

/** Every setting of the second stage of UTA. */
export type UtaContrastiveConfiguration = RunConfiguration & {
  /** The model that is tuned: a `MODEL` of the command line that was pretrained here. */
  start: { model: string };
  /** One stream, of which a caption is drawn for every picture. */
  captions: CaptionsSection;
  loss: {
    /** Of the contrastive loss; it is not learned. */
    temperature: number;
  };
  /** What rates are multiplied by, per layer from the output down, and the text tower's rate as a share of the image tower's. */
  layers: { imageDecay: number; textDecay: number; textRate: number };
};

/** Both towers, as their families have them. */
export type UtaContrastiveParams = { image: TensorTree; text: TensorTree };

/** The tensors of one micro-batch of `B` pairs: crops `[B, H, W, 3]` as the model wants them, and captions. */
export type UtaContrastiveBatch = { crops: Tensor4D; texts: TextBatch };

/** The second stage of UTA, put together. */
export type UtaContrastiveSystem = System<UtaContrastiveParams, Record<string, never>, UtaContrastiveBatch>;

/** UTA (TMLR 2024, arXiv 2405.19009), its second stage. */
export const utaContrastive: Recipe<UtaContrastiveConfiguration, UtaContrastiveSystem> = {
  name: 'uta-contrastive',
  title: 'UTA, second stage: an aligned student and its texts tuned on pairs',
  paper: 'TMLR 2024, arXiv 2405.19009, section 3',
  presets: utaContrastivePresets,
  check: requireUtaContrastive,
  needs({ start }) {
    if (start.model !== '') return { setting: 'start.model', model: start.model };
    throw new VitrailError(
      'invalid-argument',
      'uta-contrastive tunes a model: name it, --set start.model=runs/NAME (a run of uta)',
    );
  },
  assemble: assembleUtaContrastive,
  memory: utaContrastiveMemory,
};

function requireUtaContrastive(config: UtaContrastiveConfiguration): void {
  const { captions, layers, loss, optimizer, train, views } = config;
  requireRun(config, 1);
  requireRange('loss.temperature', loss.temperature, 1e-4, 1);
  requireRange('layers.imageDecay', layers.imageDecay, 1e-3, 1);
  requireRange('layers.textDecay', layers.textDecay, 1e-3, 1);
  requireRange('layers.textRate', layers.textRate, 0, 10);
  buildOptimizer(optimizer, train.steps);
  if (captions.streams.length !== 1 || captions.streams[0].length === 0) {
    throw new VitrailError(
      'invalid-argument',
      `captions.streams is one list of granularities, but ${JSON.stringify(captions.streams)} came`,
    );
  }
  if (views.localCrops > 0) {
    throw new VitrailError(
      'invalid-argument',
      `uta-contrastive sees one crop of a picture: set views.localCrops to 0, not ${views.localCrops}`,
    );
  }
}

function assembleUtaContrastive(config: UtaContrastiveConfiguration, opened?: OpenedModel): UtaContrastiveSystem {
  requireUtaContrastive(config);
  const { layers, loss, train, views } = config;
  const { model, description } = requireStart(opened, views.globalSize);
  const { family, params: start, preparation } = model;
  const rateScale = layerwiseDecay({
    image: { depth: blocksOf(start.image), decay: layers.imageDecay },
    text: { depth: blocksOf(start.text), decay: layers.textDecay, rateScale: layers.textRate },
  });
  return {
    model: { describe: () => description },
    ...buildOptimizer(config.optimizer, train.steps, { rateScale }),
    prepare(tokenizer, batch) {
      requireTokenizer(tokenizer);
      const shape: [number, number, number, number] = [batch.samples.length, views.globalSize, views.globalSize, 3];
      return {
        crops: tidy(() => normalizePictures(tensor4d(batch.global, shape), preparation)),
        texts: textBatch(tokenizer, drawnCaptions(config, batch).flat()),
      };
    },
    release({ crops, texts }) {
      for (const tensor of [crops, texts.ids, texts.padding]) tensor.dispose();
    },
    program: {
      init: () => ({
        params: mapTree({ image: start.image, text: start.text } as UtaContrastiveParams, (tensor) => tensor.clone()),
        carried: {},
      }),
      loss(params, _, { crops, texts }) {
        const { image, text } = family.encoders(model.config, params);
        const { cls } = image.encode(crops);
        const [pictures, tokens, width] = cls.shape;
        const images = squeeze<Tensor2D>(slice(cls, [0, tokens - 1, 0], [pictures, 1, width]), [1]);
        const captions = text?.encode(texts.ids, texts.padding) as Tensor2D; // There is one: `requireStart`.
        const contrastive = mean<Scalar>(infoNce(images, captions, scalar(Math.log(1 / loss.temperature))));
        return { loss: contrastive, metrics: { 'loss/contrastive': contrastive }, auxiliary: {} };
      },
      carry: () => ({}),
    },
  };
}

/** Number of blocks of a tower. */
function blocksOf(tower: Tensor | TensorTree): number {
  return Object.keys((tower as { blocks: TensorTree }).blocks).length;
}
