import { readFileSync } from 'node:fs';
import { gather, type Rank, reshape, slice, type Tensor, type Tensor2D, tensor } from '@tensorflow/tfjs-core';
import { onBackend, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { decodeSafetensors } from '../../checkpoints/src/index.ts';
import expected from '../fixtures/evaluated.json' with { type: 'json' };
import { classEmbeddings, confusionMatrix, knn, retrieval, segmentationScores, segmentByText } from '../src/index.ts';

const read = (name: string) =>
  decodeSafetensors(readFileSync(new URL(`../fixtures/${name}.safetensors`, import.meta.url))).tensors;
const embeddings = read('evaluated');
const labels = read('evaluated-labels');

/** A tensor of the embeddings, as `vitrail embed` writes them; made for a tidy. */
function embedded<R extends Rank>(name: string): Tensor<R> {
  const { shape, values } = embeddings[name];
  return tensor(values as Float32Array, [...shape] as never);
}

const labelled = (name: string) => Array.from(labels[name].values as Int32Array);

/** Places where a label is `wanted`. */
const placesOf = (name: string, wanted: (label: number) => boolean) =>
  labelled(name).flatMap((label, place) => (wanted(label) ? [place] : []));

const rowsOf = (x: Tensor, places: readonly number[]) => gather(x, [...places]) as Tensor2D;

onBackend(['cpu', 'wasm'], () => {
  it('measures zero-shot segmentation as tools/reference/evaluate.py does', async () => {
    await tidyAsync(async () => {
      const [texts, patches] = [embedded<Rank.R2>('text'), embedded<Rank.R4>('image.patches')];
      const classOf = labelled('class');
      const classCount = Math.max(...classOf) + 1;
      // A prompt is the place of its text among those of a class.
      const encode = (prompts: readonly string[]) =>
        rowsOf(
          texts,
          prompts.map((prompt) => {
            const [name, place] = prompt.split(' ').map(Number);
            return placesOf('class', (label) => label === name)[place];
          }),
        );
      const names = Array.from({ length: classCount }, (_, name) => String(name));
      const classes = await classEmbeddings(encode, names, ['{} 0', '{} 1', '{} 2']);
      const matrix = confusionMatrix(classCount);
      const [count, height, width] = labels.pixels.shape;
      const pixels = labels.pixels.values as Uint8Array;
      for (let i = 0; i < count; i++) {
        const [, rows, columns, depth] = patches.shape;
        const found = await segmentByText(slice(patches, [i, 0, 0, 0], [1, rows, columns, depth]), classes, [height, width]);
        matrix.add(pixels.subarray(i * height * width, (i + 1) * height * width), found, { ignore: [255] });
      }
      const { mIoU, pixelAccuracy } = segmentationScores(matrix);
      expect(mIoU).toBeCloseTo(expected.segmentation.mIoU, 6);
      expect(pixelAccuracy).toBeCloseTo(expected.segmentation.pixelAccuracy, 6);
    });
  });

  it.each([0, 1])('measures k-NN and retrieval of CLS token %s as it does', async (token) => {
    await tidyAsync(async () => {
      const cls = embedded<Rank.R3>('image.cls');
      const [count, , width] = cls.shape;
      const features: Tensor2D = reshape(slice(cls, [0, token, 0], [count, 1, width]), [count, width]);
      const half = (query: number) => {
        const places = placesOf('query', (label) => label === query);
        return { features: rowsOf(features, places), labels: places.map((place) => labelled('picture')[place]) };
      };
      const [gallery, queries] = [half(0), half(1)];
      const { top1 } = await knn({
        train: gallery.features,
        trainLabels: gallery.labels,
        test: queries.features,
        testLabels: queries.labels,
        classCount: Math.max(...labelled('picture')) + 1,
      });
      expect(top1).toBeCloseTo(expected.cls[token].knn, 6);

      const captions = placesOf('owner', (owner) => owner >= 0);
      const owner = captions.map((place) => labelled('owner')[place]);
      const found = await retrieval({ images: features, texts: rowsOf(embedded('text'), captions), owner });
      for (const direction of ['imageToText', 'textToImage'] as const) {
        for (const [name, recall] of Object.entries(expected.cls[token].retrieval[direction])) {
          expect(found[direction][name as 'R@1'], `${direction} ${name}`).toBeCloseTo(recall, 6);
        }
      }
    });
  });
});
