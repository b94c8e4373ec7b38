import {
  clone,
  log,
  matMul,
  mean,
  mul,
  reshape,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { flattenTree, mapTree, type TensorTree } from '@vitrail/core';
import { applyPrototypeHead } from '@vitrail/heads';
import { ibot } from '@vitrail/losses';
import { expectClose, onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { referenceStep } from '../test/reference-step.ts';
import { lossAndGradients } from '../test/tiny-system.ts';
import { assembleTips, type TipsCarried, type TipsConfiguration, type TipsParams } from './index.ts';

type Step = ReturnType<typeof referenceStep>;

/** The system of the reference step with some settings of its loss replaced. */
function assemble({ config }: Step, loss: Partial<TipsConfiguration['loss']> = {}) {
  return assembleTips({ ...config, loss: { ...config.loss, ...loss } });
}

/** A gradient of a parameter that the loss depends on. */
function reached(gradients: Readonly<Record<string, Tensor | 'none'>>, path: string): Tensor {
  const gradient = gradients[path];
  if (gradient === 'none' || gradient === undefined) throw new Error(`no gradient reaches ${path}`);
  return gradient;
}

/** `sqrt(sum (a - b)^2) / sqrt(sum b^2)`, and the largest difference as a share of the largest number of `b`. */
function errors(a: ArrayLike<number>, b: ArrayLike<number>) {
  let [squares, ofB, largest, largestOfB] = [0, 0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    squares += difference ** 2;
    ofB += b[i] ** 2;
    largest = Math.max(largest, difference);
    largestOfB = Math.max(largestOfB, Math.abs(b[i]));
  }
  return { ofNorm: Math.sqrt(squares / ofB), ofLargest: largest / largestOfB };
}

onBackend(['cpu', 'wasm'], () => {
  it.each(['tipsv2', 'tips'] as const)("gives PyTorch's terms, centres and gradients: a step of %s", (name) => {
    tidy(() => {
      const step = referenceStep(name);
      const { program } = assemble(step);
      const { terms, auxiliary, gradients } = lossAndGradients(program, step, step.batch);
      expect(Object.keys(terms).sort()).toEqual(Object.keys(step.expected.terms).sort());
      for (const [term, value] of Object.entries(step.expected.terms)) expect(terms[term], term).toBeCloseTo(value, 4);
      expectClose(auxiliary.cls, step.expected.centers.cls, 1e-6);
      expectClose(auxiliary.patch, step.expected.centers.patch, 1e-6);
      const all = Object.keys(flattenTree<Tensor>(step.params));
      if (name === 'tipsv2') expect(step.expected.gradients.map(([path]) => path).sort()).toEqual(all.sort());
      for (const [path, expected] of step.expected.gradients) {
        const gradient: Float32Array = reached(gradients, path).dataSync<'float32'>();
        // Of token embeddings the fixture has the first rows; no text uses the others.
        const { ofNorm, ofLargest } = errors(gradient.subarray(0, expected.length), expected);
        expect(ofNorm, path).toBeLessThan(1e-4);
        expect(ofLargest, path).toBeLessThan(1e-4);
        expect(gradient.subarray(expected.length).every((value) => value === 0)).toBe(true);
      }
    });
  });
});

onBackend(['wasm'], () => {
  describe('where gradients go', () => {
    it('trains the mask token through the patch loss alone', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const maskToken = (patchWeight: number) =>
          reached(lossAndGradients(assemble(step, { patchWeight }).program, step, step.batch).gradients, 'image.maskToken');
        expect(
          maskToken(0)
            .dataSync()
            .every((value) => value === 0),
        ).toBe(true);
        // Twice the weight, twice the gradient: no other loss has a part in it.
        expectClose(maskToken(2), mul(2, maskToken(1)), 1e-5);
        expect(
          maskToken(1)
            .dataSync()
            .some((value) => Math.abs(value) > 1e-3),
        ).toBe(true);
        const { gradients } = lossAndGradients(assemble(step, { patch: 'none' }).program, step, step.batch);
        expect(gradients['image.maskToken']).toBe('none');
      });
    });

    it('sends none to averaged heads, an averaged encoder, or centres', () => {
      tidy(() => {
        for (const name of ['tipsv2', 'tips'] as const) {
          const step = referenceStep(name);
          const { gradients } = lossAndGradients(assemble(step).program, step, step.batch, { of: step.carried });
          expect(Object.keys(gradients).length).toBeGreaterThan(10);
          for (const [path, gradient] of Object.entries(gradients)) expect(gradient, path).toBe('none');
        }
      });
    });

    it('sends none from the targets into the shared encoder: it is as if the teacher had a copy', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const shared = lossAndGradients(assemble(step).program, step, step.batch);
        const image = mapTree(step.params.image as TensorTree, (leaf) => mul<Tensor>(leaf, 1));
        const separate = lossAndGradients(
          assembleTips({ ...step.config, teacher: { ...step.config.teacher, policy: 'full' } }).program,
          { ...step, carried: { ...step.carried, teacher: { ...step.carried.teacher, image } } },
          step.batch,
        );
        expect(separate.terms).toEqual(shared.terms);
        for (const path of Object.keys(shared.gradients)) {
          expectClose(reached(shared.gradients, path), reached(separate.gradients, path), 1e-6);
        }
      });
    });

    it('sends none from the targets into shared heads either: policy none', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const heads = mapTree(step.params.heads as TensorTree, (leaf) => mul<Tensor>(leaf, 1));
        const copied = { ...step, carried: { ...step.carried, teacher: { heads } } };
        const separate = lossAndGradients(assemble(step).program, copied, step.batch);
        const none = assembleTips({ ...step.config, teacher: { ...step.config.teacher, policy: 'none' } });
        const shared = lossAndGradients(none.program, { ...step, carried: { ...step.carried, teacher: {} } }, step.batch);
        expect(separate.terms).toEqual(shared.terms);
        for (const path of Object.keys(shared.gradients)) {
          expectClose(reached(shared.gradients, path), reached(separate.gradients, path), 1e-6);
        }
      });
    });
  });

  describe('targets', () => {
    /** A step whose teacher is the student, and who hides nothing; `scores` `[B N, K]` are what both make of the patches. */
    function selfTaught(temperatures: { student: number; teacher: number }, carried?: TipsCarried['centers']) {
      const step = referenceStep('tipsv2');
      const { program, encoder } = assembleTips({
        ...step.config,
        teacher: { ...step.config.teacher, policy: 'none' },
        loss: {
          ...step.config.loss,
          studentTemperature: temperatures.student,
          teacherTemperature: { from: temperatures.teacher, to: temperatures.teacher, steps: 0 },
        },
      });
      const centers = carried ?? mapTree(step.carried.centers, (center) => zerosLike(center));
      const batch = { ...step.batch, mask: zerosLike(step.batch.mask) };
      const params: TipsParams = step.params;
      const { terms } = lossAndGradients(program, { params, carried: { teacher: {}, centers } as TipsCarried }, batch);
      const { patches } = encoder.encodeImages(params.image, batch.global);
      const { features, prototypes } = applyPrototypeHead(params.heads.patch, reshape(patches, [3 * 16, 16]) as Tensor2D);
      return { terms, scores: matMul(features, prototypes) };
    }

    const crossEntropy = (targets: Tensor, scores: Tensor) => mean<Scalar>(sum(mul(-1, mul(targets, log(softmax(scores)))), 1));

    it('are what the student says where encoder, heads, temperature and picture are the same: the loss is their entropy', () => {
      tidy(() => {
        const { terms, scores } = selfTaught({ student: 0.1, teacher: 0.1 });
        const own = mul(scores, 10);
        expect(terms['loss/patch']).toBeCloseTo(crossEntropy(softmax(own), own).dataSync()[0], 5);
      });
    });

    it('differ from predictions by temperature and centre, and by nothing else', () => {
      tidy(() => {
        const { centers } = referenceStep('tipsv2').carried;
        const { terms, scores } = selfTaught({ student: 0.2, teacher: 0.05 }, centers);
        const targets = softmax(mul(sub(scores, centers.patch), 1 / 0.05));
        expect(terms['loss/patch']).toBeCloseTo(crossEntropy(targets, mul(scores, 1 / 0.2)).dataSync()[0], 5);
      });
    });

    it('have an entropy between that of one prototype and that of all', () => {
      tidy(() => {
        const entropies = [10, 0.5, 0.1, 0.02, 0.001].map(
          (tau) => selfTaught({ student: tau, teacher: tau }).terms['loss/patch'],
        );
        for (const entropy of entropies) {
          expect(entropy).toBeGreaterThanOrEqual(0);
          expect(entropy).toBeLessThanOrEqual(Math.log(10));
        }
        expect([...entropies].sort((a, b) => b - a)).toEqual(entropies);
        expect(entropies[0]).toBeGreaterThan(0.99 * Math.log(10));
        expect(entropies[4]).toBeLessThan(0.1);
      });
    });
  });

  describe('the patch loss', () => {
    it('of iBOT++ weighs masked and visible patches by how many there are; that of iBOT is the masked ones', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const { terms: all } = lossAndGradients(assemble(step).program, step, step.batch);
        const [masked, visible] = [all['patch/masked'], all['patch/visible']];
        expect(all['loss/patch']).toBeCloseTo(0.75 * masked + 0.25 * visible, 5);
        expect(Math.abs(masked - visible)).toBeGreaterThan(0.1); // else the weights would not show

        const { terms: hidden } = lossAndGradients(assemble(step, { patch: 'ibot' }).program, step, step.batch);
        expect(hidden['loss/patch']).toBe(hidden['patch/masked']);
        expect(hidden['patch/masked']).toBe(masked);
      });
    });

    it("is, with `ibot`, the mean of @vitrail/losses' ibot", () => {
      tidy(() => {
        const step = referenceStep('tips');
        const { program, encoder } = assemble(step);
        const { terms } = lossAndGradients(program, step, step.batch);
        const { image, heads } = step.carried.teacher as Pick<TipsParams, 'image' | 'heads'>;
        const flat = (tokens: Tensor) => reshape(tokens, [3 * 16, 16]) as Tensor2D;
        const student = flat(encoder.encodeImages(step.params.image, step.batch.global, { mask: step.batch.mask }).patches);
        const teacher = flat(encoder.encodeImages(image, step.batch.global).patches);
        const losses = ibot(
          { ...applyPrototypeHead(step.params.heads.patch, student), temperature: 0.1 },
          { ...applyPrototypeHead(heads.patch, teacher), center: step.carried.centers.patch, temperature: 0.04 },
          { tokens: 16, mask: step.batch.mask },
        );
        expect(terms['loss/patch']).toBeCloseTo(mean<Scalar>(losses).dataSync()[0], 5);
      });
    });

    it('is left out with `none`, and so is self-distillation with weight 0: what remains is the contrastive loss', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const { terms } = lossAndGradients(assemble(step, { patch: 'none', dinoWeight: 0 }).program, step, step.batch);
        expect(Object.keys(terms)).toEqual(['loss', 'loss/contrastive']);
        expect(terms.loss).toBe(terms['loss/contrastive']);
        expect(terms.loss).toBeCloseTo(step.expected.terms['loss/contrastive'], 5);
      });
    });
  });

  describe('the weights', () => {
    it('add the terms up: L = L_CLIP + alpha L_DINO + beta L_patch', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const { terms } = lossAndGradients(assemble(step, { dinoWeight: 0.5, patchWeight: 3 }).program, step, step.batch);
        const sum = terms['loss/contrastive'] + 0.5 * terms['loss/dino'] + 3 * terms['loss/patch'];
        expect(terms.loss).toBeCloseTo(sum, 4);
      });
    });
  });

  describe('centres', () => {
    it('enter the targets, and are left as they are', () => {
      tidy(() => {
        const step = referenceStep('tipsv2');
        const { program } = assemble(step);
        const before = mapTree(step.carried.centers, (center) => clone(center));
        const off = { ...step.carried, centers: mapTree(step.carried.centers, (center) => zerosLike(center)) };
        const { terms } = lossAndGradients(program, step, step.batch);
        const { terms: without } = lossAndGradients(program, { ...step, carried: off as TipsCarried }, step.batch);
        for (const term of ['loss/patch', 'loss/dino']) expect(Math.abs(terms[term] - without[term])).toBeGreaterThan(1e-3);
        expect(terms['loss/contrastive']).toBe(without['loss/contrastive']);
        expectClose(step.carried.centers.cls, before.cls as Tensor, 0);
      });
    });
  });
});
