import { dispose, reshape, squeeze, type Tensor2D, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';
import type { Sample } from '@vitrail/data';
import { pcaMap, segmentByText } from '@vitrail/eval';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { paintHeatMap, paintLabels } from '@vitrail/paint';
import type { Model, Readout } from '@vitrail/pretrained';
import { encodePng, type PictureExample } from '../report/index.ts';

/** Names and colours of the classes of a source, and what a model with a text tower compares patches with. */
export type Classes = {
  names: readonly string[];
  colors: readonly (readonly [number, number, number])[];
  /** Embeddings of the names, `[C, E]`, and the read-out of patches that they are compared with. */
  words?: { embeddings: Tensor2D; readout: Readout };
};

/** The colours of a picture's patch features: their first three principal components. */
export async function featureMap(model: Model, sample: Sample): Promise<string> {
  const pixels = model.prepare(sample.image, 'whole');
  const plain = tidy(() => squeeze<Tensor3D>(model.encodeImages(pixels, 1, 'tokens').patches, [0])); // [rows, columns, D]
  const [rows, columns] = plain.shape;
  const colors = await pcaMap(plain).finally(() => plain.dispose());
  return encodePng(
    Uint8Array.from(colors, (value) => Math.round(255 * value)),
    columns,
    rows,
    cellOf(sample, rows),
  );
}

/** True and predicted classes of a picture with a label map, and where the words of those that are there are found. */
export async function classMaps(
  model: Model,
  { image: { width, height }, image, labels }: Sample,
  { names, colors, words }: Classes,
): Promise<Pick<PictureExample, 'truth' | 'prediction' | 'similarity'>> {
  if (labels === undefined || names.length === 0) return {};
  const truth = encodePng(paintLabels(labels.data, colors), width, height);
  if (words === undefined) return { truth };
  const pixels = model.prepare(image, 'whole');
  const present = [...new Set(labels.data)].sort((a, b) => a - b);
  const { dense, similarity } = tidy(() => {
    const dense = model.encodeImages(pixels, 1, words.readout).patches; // [1, rows, columns, D]
    const [, rows, columns, channels] = dense.shape;
    const units = l2Normalize(reshape(dense, [rows * columns, channels])) as Tensor2D;
    return { dense, similarity: transpose(matrixProduct(units, transpose(words.embeddings))) }; // [C, N]
  });
  try {
    const [, rows, columns] = dense.shape;
    const predicted = await segmentByText(dense, words.embeddings, [height, width]);
    const similarities = await similarity.data<'float32'>();
    const patches = rows * columns;
    return {
      truth,
      prediction: encodePng(paintLabels(predicted, colors), width, height),
      similarity: present.map((index) => {
        const map = paintHeatMap(similarities.subarray(index * patches, (index + 1) * patches));
        return { word: names[index], image: encodePng(map, columns, rows, cellOf({ image }, rows)) };
      }),
    };
  } finally {
    dispose([dense, similarity]);
  }
}

/** Side of a patch in a map of patches, in pixels. */
function cellOf({ image }: Pick<Sample, 'image'>, rows: number): number {
  return Math.max(1, Math.round(image.height / rows));
}
