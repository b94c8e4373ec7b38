import {
  add,
  div,
  engine,
  mean,
  mul,
  norm,
  type Rank,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tensor4d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { matrixProduct } from '@vitrail/ops';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { goldRows, inputsOf, representationReference as reference } from '../test/references.ts';
import {
  affinityMimicking,
  barlowTwins,
  infoNce,
  koLeo,
  mae,
  normalizePatches,
  patchify,
  simClr,
  simMim,
  sinkhornCenter,
  swaLip,
  swav,
} from './index.ts';

type Inputs = Record<string, Tensor>;

const { barlow, simClr: simClrCase, swav: swavCase } = reference;

/** The losses of `representation.json`, as they are called on its inputs. */
const losses: Record<string, (inputs: Inputs) => Tensor1D> = {
  labels: ({ images, texts, logitScale, toTexts, toImages }) =>
    infoNce(images as Tensor2D, texts as Tensor2D, logitScale as Scalar, {
      labels: { images: toTexts as Tensor2D, texts: toImages as Tensor2D },
      labelSmoothing: 0.2,
    }),
  affinity: ({ images, texts, logitScale, teacherImages, teacherTexts, teacherLogitScale }) =>
    affinityMimicking(
      { images: images as Tensor2D, texts: texts as Tensor2D, logitScale: logitScale as Scalar },
      { images: teacherImages as Tensor2D, texts: teacherTexts as Tensor2D, logitScale: teacherLogitScale as Scalar },
    ),
  simClr: ({ first, second }) => simClr(first as Tensor2D, second as Tensor2D, { temperature: simClrCase.temperature }),
  barlow: ({ first, second }) => barlowTwins(first as Tensor2D, second as Tensor2D, { offDiagonal: barlow.offDiagonal }),
  koLeo: ({ x }) => koLeo(x as Tensor2D),
  swav: ({ first, second, prototypes }) => {
    const view = (features: Tensor) => ({
      features: features as Tensor2D,
      prototypes: prototypes as Tensor2D,
      temperature: swavCase.temperature,
    });
    return swav(view(first), view(second), { targetTemperature: swavCase.targetTemperature });
  },
  swaLip: ({ image0, image1, text0, text1, logitScale }) =>
    swaLip(
      { images: [image0, image1] as [Tensor2D, Tensor2D], texts: [text0, text1] as [Tensor2D, Tensor2D] },
      logitScale as Scalar,
    ),
};

const patchMask = () => tensor2d(reference.patches.mask, [2, 6]);
const images = () => tensor4d(reference.patches.images.values, [2, 4, 6, 3]);
const pixelLosses: Record<string, (inputs: Inputs) => Tensor1D> = {
  mae: ({ prediction }) => mae(prediction as Tensor3D, normalizePatches(patchify(images(), 2)), patchMask()),
  simMim: ({ prediction }) => simMim(prediction as Tensor3D, patchify(images(), 2), patchMask()),
};

onBackend(['cpu', 'wasm'], () => {
  it.each([
    ...Object.keys(losses).map((name) => ({ name, of: losses[name], expected: reference[name as 'koLeo'] })),
    ...Object.keys(pixelLosses).map((name) => ({ name, of: pixelLosses[name], expected: reference.patches[name as 'mae'] })),
  ])("$name: PyTorch's values per example, and the gradients of their mean (Barlow: of its sum)", ({ name, of, expected }) => {
    tidy(() => {
      const inputs = inputsOf(expected);
      expectClose(of(inputs), expected.losses, 2e-5);
      const reduce = name === 'barlow' ? sum : mean;
      const learned = Object.keys(expected.gradients);
      const { grads } = engine().gradients(
        () => reduce(of(inputs)) as Scalar,
        learned.map((key) => inputs[key]),
      );
      learned.forEach((key, i) => {
        expectClose(grads[i], expected.gradients[key], 2e-5);
      });
    });
  });

  it('patchify cuts as a convolution would, and normalizePatches divides by the unbiased deviation', () => {
    tidy(() => {
      expectClose(patchify(images(), 2), reference.patches.patches);
      expectClose(normalizePatches(patchify(images(), 2)), reference.patches.normalized);
      expectClose(normalizePatches(mul(patchify(images(), 2), 0) as Tensor3D), new Float32Array(2 * 6 * 12));
    });
  });

  describe('sinkhornCenter', () => {
    const assigned = (scores: Tensor2D, temperature: number, center: Tensor1D) => softmax(div(sub(scores, center), temperature));

    it("makes of the softmax SwAV's and DINOv2's assignment, whatever the temperature and the number of rounds", () => {
      tidy(() => {
        const { rows, width, count, features, prototypes, assignments } = reference.sinkhorn;
        const [x, w] = [tensor2d(features, [rows, width]), tensor2d(prototypes, [width, count])];
        for (const { temperature, iterations, values } of assignments) {
          for (const chunkTokens of [undefined, 1, 4]) {
            const center = sinkhornCenter({ features: x, prototypes: w, temperature }, { iterations, chunkTokens });
            expectClose(assigned(matrixProduct(x, w), temperature, center), values, 1e-4);
          }
        }
      });
    });

    it("makes the gold assignment of CLIP-Rocket's fixture: images to the texts of the batch", () => {
      tidy(() => {
        const unit = (seed: number) => {
          const rows = goldRows(seed);
          return div(rows, norm(rows, 2, 1, true)) as Tensor2D;
        };
        const [features, prototypes] = [unit(0.3), transpose(unit(1.1))];
        const center = sinkhornCenter({ features, prototypes, temperature: 0.05 });
        expectClose(
          assigned(matrixProduct(features, prototypes), 0.05, center),
          [
            [0.999995, 0.000005, 0, 0],
            [0, 0.510858, 0.489142, 0],
            [0, 0, 0.048248, 0.951752],
            [0.735025, 0, 0.000006, 0.264969],
          ].flat(),
          3e-6,
        );
      });
    });

    it('leaves nothing behind', () => {
      tidy(() => {
        const scores = { features: goldRows(1), prototypes: transpose(goldRows(2)), temperature: 0.05 };
        expectNoLeak(() => [sinkhornCenter(scores, { chunkTokens: 3 })]);
        expectNoLeak(() => [swav(scores, { ...scores, temperature: 0.1 })]);
      });
    });

    it('gives every prototype its share of a batch that favours one, in the end', () => {
      tidy(() => {
        const scores = add(sampleTensor<Rank.R2>([40, 5], 1), [2, 0, 0, 0, 0]) as Tensor2D;
        const identity = tensor2d(
          Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0)),
          [5, 5],
        );
        const center = sinkhornCenter({ features: scores, prototypes: identity, temperature: 0.3 }, { iterations: 200 });
        expectClose(sum(assigned(scores, 0.3, center), 0), [8, 8, 8, 8, 8], 1e-3);
      });
    });

    it('stays finite where the exponentials are not: temperatures near 0, prototypes that nothing is near to, identical rows', () => {
      tidy(() => {
        const features = tensor2d([1, 0, 1, 0, 1, 0], [3, 2]);
        const prototypes = tensor2d([1, -1, 0, 0, 0, 1], [2, 3]);
        for (const temperature of [1e-3, 0.05, 10]) {
          for (const iterations of [1, 3, 20]) {
            const center = sinkhornCenter({ features, prototypes, temperature }, { iterations });
            expect(center.dataSync().every(Number.isFinite)).toBe(true);
          }
        }
      });
    });
  });
});

it('sinkhornCenter says what does not fit', () => {
  tidy(() => {
    const scores = { features: transpose(goldRows(0)), prototypes: goldRows(1), temperature: 0.05 };
    expect(() => sinkhornCenter({ ...scores, prototypes: transpose(goldRows(1)) })).toThrow(
      'prototypes is [4, K], but [5, 4] came',
    );
    expect(() => sinkhornCenter({ ...scores, temperature: 0 })).toThrow('temperature is above 0, but 0 came');
    expect(() => sinkhornCenter(scores, { chunkTokens: 0.5 })).toThrow(
      'chunkTokens is a whole number of at least 1, but 0.5 came',
    );
    expect(() => sinkhornCenter(scores, { iterations: 0 })).toThrow('whole number of at least 1, but 0 came');
    expect(() => sinkhornCenter({ ...scores, features: tensor2d([], [0, 4]) })).toThrow('at least one row and one prototype');
  });
});
