import { add, engine, mul, range, reshape, type Scalar, sin, sum, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { applyClipText } from '@vitrail/text';
import { applyClipVit, type EmbeddingHooks } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { adaLink, mergeLora, promptClipText, promptImage } from '../src/index.ts';
import { imageConfig, loadClipReference, textConfig } from './clip-reference.ts';

/** The value of `f` at the learned tensors, and the gradients of sum(f * sin(1.7 i + 0.4)). */
function valueAndGradients<T extends TensorTree>(
  learned: T,
  f: (learned: T) => Tensor2D,
): { value: Tensor2D; gradients: TensorTree } {
  const flat = flattenTree<Tensor>(learned);
  const weighted = () => {
    const y = f(learned);
    const weights = sin(add(mul(range(0, y.size), 1.7), 0.4));
    return sum(mul(y, reshape(weights, y.shape))) as Scalar;
  };
  const { grads } = engine().gradients(weighted, Object.values(flat));
  const gradients = unflattenTree(Object.fromEntries(Object.keys(flat).map((path, i) => [path, grads[i]])));
  return { value: f(learned), gradients };
}

function expectReference(
  { value, gradients }: { value: Tensor2D; gradients: TensorTree },
  expected: { value: Tensor2D; gradients: TensorTree },
): void {
  expectClose(value, expected.value, 1e-4);
  const [got, want] = [flattenTree<Tensor>(gradients), flattenTree<Tensor>(expected.gradients)];
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
  for (const [path, gradient] of Object.entries(want)) expectClose(got[path], gradient, 5e-4);
}

describe('around a CLIP of transformers', () => {
  onBackend(['cpu', 'wasm'], () => {
    const run = (modality: 'image' | 'text', check: (reference: ReturnType<typeof loadClipReference>, tower: Tower) => void) =>
      tidy(() => {
        const reference = loadClipReference();
        const { params, images, ids } = reference;
        const tower: Tower = (onEmbeddings, refined) =>
          modality === 'image'
            ? applyClipVit(imageConfig, { ...params.image, ...refined } as typeof params.image, images, { onEmbeddings }).pooled
            : applyClipText(textConfig, { ...params.text, ...refined } as typeof params.text, ids, { onEmbeddings }).pooled;
        expectClose(tower(), reference.base[modality], 1e-4);
        check(reference, tower);
      });
    type Tower = (onEmbeddings?: EmbeddingHooks, refined?: TensorTree) => Tensor2D;
    const config = { widths: { image: 12, text: 8 }, rank: 3, activation: 'gelu', scale: 0.5 } as const;

    it.each([
      ['before', 'image'],
      ['after', 'image'],
      ['before', 'text'],
      ['after', 'text'],
    ] as const)('AdaLink %s positions of the %s tower gives the same embeddings and gradients', (place, modality) => {
      run(modality, (reference, tower) => {
        const own = { adalink: { [modality]: reference.adalink[modality] } };
        const { value, gradients } = valueAndGradients(own, (own) => tower({ [place]: adaLink(config, own, modality) }));
        const expected = { adalink: { [modality]: reference.grads[place][modality] } };
        expectReference({ value, gradients }, { value: reference[place][modality], gradients: expected });
      });
    });

    it.each(['image', 'text'] as const)('LoRA on q and v of the %s tower gives the same embeddings and gradients', (modality) => {
      run(modality, (reference, tower) => {
        const own = { lora: reference.factors[modality] };
        const params = reference.params[modality];
        const got = valueAndGradients(own, (own) => tower({}, mergeLora({ rank: 2, alpha: 3 }, params as TensorTree, own)));
        expectReference(got, { value: reference.lora[modality], gradients: { lora: reference.grads.lora[modality] } });
      });
    });

    it('prompts behind the CLS token give the same embeddings and gradients', () => {
      run('image', ({ prompts, prompted, grads }, tower) => {
        const got = valueAndGradients({ image: prompts.image }, ({ image }) => tower(promptImage(image)));
        expectReference(got, { value: prompted.image, gradients: grads.prompted.image });
      });
    });

    it('prompts behind the start token give the same embeddings and gradients, of a text that must be cut too', () => {
      run('text', ({ params, ids, prompts, prompted, grads }) => {
        const got = valueAndGradients({ text: prompts.text }, ({ text }) => {
          const { ids: longer, onEmbeddings } = promptClipText(textConfig, text, ids);
          return applyClipText(textConfig, params.text, longer, { onEmbeddings }).pooled;
        });
        expectReference(got, { value: prompted.text, gradients: grads.prompted.text });
      });
    });
  });
});
