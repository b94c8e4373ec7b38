import {
  argMax,
  cast,
  dispose,
  equal,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  type Scalar,
  sum,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tensor2d,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import type { FewShotClassifier } from '@vitrail/adapt';
import { createRng, type TensorTree } from '@vitrail/core';
import type { Sample, SampleSource } from '@vitrail/data';
import { type LinearParams, linear } from '@vitrail/ops';
import type { Model } from '@vitrail/pretrained';
import type { TrainProgram } from '@vitrail/train';
import { concatenate } from '../concatenate.ts';
import { classOf } from './shots.ts';

/** The tensors of one step: pictures, or their features where those are frozen, and the classes. */
export type FewShotBatch = { readonly images?: Tensor4D; readonly features?: Tensor2D; readonly labels: Tensor1D };

/** Few-shot training as a program, and where its batches come from. Whoever made it disposes it. */
export type FewShotTraining = {
  readonly program: TrainProgram<TensorTree, Record<string, never>, FewShotBatch>;
  /** The batch of a step, a function of the seed and the step: an epoch is a new order of the shots. */
  batch(step: number): Promise<FewShotBatch>;
  release(batch: FewShotBatch): void;
  dispose(): void;
};

/**
 * Cross-entropy of a classifier on the shots. Features and heads that nothing trained goes into are computed once.
 *
 * @param own the parameters at the start, which stay the caller's
 */
export async function fewShotTraining(
  classifier: FewShotClassifier,
  own: TensorTree,
  shots: SampleSource,
  { model, batchSize, seed }: { model: Model; batchSize: number; seed: number },
): Promise<FewShotTraining> {
  const side = model.imageSize;
  const pixelsOf = (samples: readonly Sample[]) => concatenate(samples.map(({ image }) => model.prepare(image, 'reference')));
  const imagesOf = (samples: readonly Sample[]) => tensor4d(pixelsOf(samples), [samples.length, side, side, 3]);
  const frozen = classifier.trainsFeatures ? undefined : await frozenFeatures();
  // Also where it is trained: a text that prompts leave no room for is refused before the first step.
  const first = classifier.head(own);
  if (classifier.trainsHead) dispose({ ...first });

  async function frozenFeatures(): Promise<readonly Float32Array[]> {
    const rows: Float32Array[] = [];
    for (let index = 0; index < shots.size; index++) {
      const images = imagesOf([await shots.read(index)]);
      const features = tidy(() => classifier.features(own, images));
      rows.push(await features.data<'float32'>());
      dispose([images, features]);
    }
    return rows;
  }

  const size = Math.min(batchSize, shots.size);
  const rng = createRng(seed).fork('order');
  let order: { epoch: number; indices: Int32Array } = { epoch: -1, indices: new Int32Array() };
  function indexAt(position: number): number {
    const epoch = Math.floor(position / shots.size);
    if (order.epoch !== epoch) order = { epoch, indices: rng.fork(epoch).permutation(shots.size) };
    return order.indices[position % shots.size];
  }

  return {
    program: {
      init: () => ({ params: {}, carried: {} }),
      loss(params, _, { images, features: known, labels }) {
        const features = images === undefined ? (known as Tensor2D) : classifier.features(params, images);
        const head: LinearParams = classifier.trainsHead ? classifier.head(params) : first;
        const logits = linear(features, head) as Tensor2D; // [B, C]
        const wanted = oneHot(labels, logits.shape[1]) as Tensor2D;
        const loss = mean(neg(sum(mul(logSoftmax(logits), cast(wanted, 'float32')), 1))) as Scalar;
        const accuracy = mean(cast(equal(argMax(logits, 1), labels), 'float32')) as Scalar;
        return { loss, metrics: { accuracy }, auxiliary: {} };
      },
      carry: () => ({}),
    },
    async batch(step) {
      const indices = Array.from({ length: size }, (_, i) => indexAt(step * size + i));
      const samples = await Promise.all(indices.map((index) => shots.read(index)));
      const labels = tensor1d(samples.map(classOf), 'int32');
      if (frozen === undefined) return { images: imagesOf(samples), labels };
      const rows = indices.map((index) => frozen[index]);
      return { features: tensor2d(concatenate(rows), [size, rows[0].length]), labels };
    },
    release: (batch) => dispose({ ...batch }),
    dispose() {
      if (!classifier.trainsHead) dispose({ ...first });
    },
  };
}
