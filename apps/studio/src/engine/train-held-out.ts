import { squeeze, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { removeStopWords, tclTemplates } from '@vitrail/captions';
import { type RgbImage, resizeImage, type Sample, sceneSource } from '@vitrail/data';
import { classEmbeddings, confusionMatrix, pcaMap, segmentationScores, segmentByText } from '@vitrail/eval';
import type { Model } from '@vitrail/pretrained';

/** A picture that is not trained on, and what is looked for in it. */
export type HeldOut = {
  readonly picture: RgbImage;
  /** The true class of every pixel, `[height * width]`, an index into `words`, where it is known. */
  readonly truth?: Uint8Array;
  readonly words: readonly string[];
  readonly templates: readonly string[];
  /** Further pictures whose classes are known, to be measured on. */
  readonly measured: readonly Sample[];
};

/** What a model makes of the held-out picture. */
export type ModelView = {
  readonly step: number;
  /** The nearest word of every pixel, `[height * width]`; not of a model without texts. */
  readonly labels?: Uint8Array;
  /** The first three principal components of the patches as colours, `[rows * columns * 3]`, in [0, 1]. */
  readonly principal: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** Mean intersection over union on the measured pictures, and what guessing gives. */
  readonly mIoU?: number;
  readonly chance?: number;
};

/** Side of the held-out scene in pixels: large enough to be looked at. */
const shownSide = 256;

/** Which of the test scenes is shown: one with objects of several shapes and colours. */
const shownScene = 42;

/** Test scenes that are measured on, after those that may be shown. */
const measuredScenes = { first: 100, count: 16 };

/** Words of a caption that are looked for unless the user names others. */
const mostWords = 6;

/** A scene, as it is drawn large, and small ones to be measured on. */
export async function heldOutScenes(): Promise<HeldOut> {
  const scenes = sceneSource({ split: 'test', size: shownSide });
  const small = sceneSource({ split: 'test', size: 64 });
  const { image, labels } = await scenes.read(shownScene);
  const { first, count } = measuredScenes;
  const measured = await Promise.all(Array.from({ length: count }, (_, i) => small.read(first + i)));
  const { classNames = [], templates = [] } = scenes;
  return { picture: image, truth: labels?.data, words: classNames, templates, measured };
}

/** A picture of a user; words are those of its captions. */
export function heldOutPicture({ image, captions }: Sample): HeldOut {
  const factor = Math.min(1, (2 * shownSide) / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((length) => Math.max(1, Math.round(factor * length)));
  const texts = Object.values(captions).flat().join(' ').toLowerCase();
  const words = removeStopWords(texts.replace(/[^\p{L}\p{N}\s-]/gu, ' '))
    .split(/\s+/)
    .filter((word) => word.length > 2);
  return {
    picture: factor < 1 ? resizeImage(image, { width, height }) : image,
    words: [...new Set(words)].slice(0, mostWords),
    templates: tclTemplates,
    measured: [],
  };
}

/** Looks at the held-out picture with a model. Nothing of the model is changed. */
export async function lookAtHeldOut(model: Model, heldOut: HeldOut, step: number): Promise<ModelView> {
  const classes = model.encodesTexts && heldOut.words.length > 1 ? await embeddings(model, heldOut) : undefined;
  try {
    const principal = await principalColors(model, heldOut.picture);
    const labels = classes && (await segment(model, heldOut.picture, classes));
    return { step, ...principal, labels, ...(classes && (await measure(model, heldOut, classes))) };
  } finally {
    classes?.dispose();
  }
}

function embeddings(model: Model, { words, templates }: HeldOut): Promise<Tensor2D> {
  return classEmbeddings(model.encodeTexts, words, templates);
}

async function principalColors(model: Model, picture: RgbImage): Promise<Pick<ModelView, 'principal' | 'rows' | 'columns'>> {
  const { cls, patches } = model.encodeImages(model.prepare(picture, 'whole'), 1);
  const grid = squeeze<Tensor3D>(patches, [0]);
  try {
    const [rows, columns] = grid.shape;
    return { principal: await pcaMap(grid), rows, columns };
  } finally {
    for (const tensor of [cls, patches, grid]) tensor.dispose();
  }
}

/** With values where the model has them: they stay nearer to what is at their place (TIPSv2, section 4.1). */
async function segment(model: Model, picture: RgbImage, classes: Tensor2D): Promise<Uint8Array> {
  const readout = model.readouts.includes('value') ? 'value' : 'tokens';
  const { cls, patches } = model.encodeImages(model.prepare(picture, 'whole'), 1, readout);
  try {
    return await segmentByText(patches, classes, [picture.height, picture.width]);
  } finally {
    cls.dispose();
    patches.dispose();
  }
}

async function measure(
  model: Model,
  { measured, words }: HeldOut,
  classes: Tensor2D,
): Promise<Pick<ModelView, 'mIoU' | 'chance'>> {
  const matrix = confusionMatrix(words.length);
  for (const { image, labels } of measured) {
    if (labels !== undefined) matrix.add(labels.data, await segment(model, image, classes));
  }
  if (measured.length === 0) return {};
  const { mIoU, chance } = segmentationScores(matrix);
  return { mIoU, chance: chance.mIoU };
}
