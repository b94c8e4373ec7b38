import { concat, grad, type Rank, scalar, slice, squeeze, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { contrastiveLoss } from './index.ts';

const cls = () => sampleTensor<Rank.R3>([3, 2, 4], 1);
const texts = () => sampleTensor<Rank.R2>([6, 4], 2);

it('is the mean of the streams, each by itself', () => {
  tidy(() => {
    const [images, captions, scale] = [cls(), texts(), scalar(1.5)];
    const one = (k: number): [Tensor3D, Tensor2D] => [slice(images, [0, k, 0], [3, 1, 4]), slice(captions, [3 * k, 0], [3, 4])];
    const [first, second] = [0, 1].map((k) => contrastiveLoss(...one(k), scale).dataSync()[0]);
    expect(contrastiveLoss(images, captions, scale).dataSync()[0]).toBeCloseTo((first + second) / 2, 5);
    // The other order of streams pairs CLS tokens with captions that are not theirs.
    const swapped = concat([one(1)[1], one(0)[1]]);
    expect(Math.abs(contrastiveLoss(images, swapped, scale).dataSync()[0] - (first + second) / 2)).toBeGreaterThan(0.05);
  });
});

it('takes no negatives from the other stream: a caption of stream 2 has no gradient into CLS token 1', () => {
  tidy(() => {
    const images = cls();
    const ofFirst = (captions: Tensor2D) =>
      squeeze(slice(grad((x) => contrastiveLoss(x as Tensor3D, captions, scalar(1)))(images), [0, 0, 0], [3, 1, 4]));
    const changed = concat([slice(texts(), [0, 0], [3, 4]), sampleTensor<Rank.R2>([3, 4], 9)]);
    expectClose(ofFirst(changed), ofFirst(texts()), 1e-6);
  });
});

it('is log B where nothing tells pictures apart', () => {
  tidy(() => {
    const same = concat(Array.from({ length: 3 }, () => sampleTensor<Rank.R3>([1, 2, 4], 3)));
    expect(contrastiveLoss(same, texts(), scalar(0)).dataSync()[0]).toBeGreaterThan(Math.log(3) - 1e-6);
    const captions = concat(Array.from({ length: 6 }, () => sampleTensor<Rank.R2>([1, 4], 4)));
    expect(contrastiveLoss(same, captions, scalar(0)).dataSync()[0]).toBeCloseTo(Math.log(3), 5);
  });
});

it('has the gradients of finite differences, and leaves nothing behind', () => {
  tidy(() => {
    expectGradient((images, captions) => contrastiveLoss(images as Tensor3D, captions as Tensor2D, scalar(1)), [cls(), texts()]);
    const [images, captions, scale] = [cls(), texts(), scalar(1)];
    expectNoLeak(() => [contrastiveLoss(images, captions, scale)]);
  });
});
