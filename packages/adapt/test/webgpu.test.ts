import { engine, mean, type Scalar, square, type Tensor } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { applyClipText } from '@vitrail/text';
import { it } from 'vitest';
import { onWebGpu } from '../../kernels-webgpu/test/on-webgpu.ts';
import { adaLinkOfTasks, mergeLora, promptClipText } from '../src/index.ts';
import { loadClipReference, textConfig } from './clip-reference.ts';

onWebGpu(
  (expectAsOnCpu) => {
    const config = { widths: { text: 8 }, rank: 3, activation: 'gelu', scale: 0.5 } as const;

    /** What `f` gives, and the gradients of the mean of its squares. */
    const withGradients = (learned: TensorTree, f: () => Tensor): Tensor[] => {
      const { grads } = engine().gradients(() => mean(square(f())) as Scalar, Object.values(flattenTree<Tensor>(learned)));
      return [f(), ...grads];
    };

    it('AdaLink per task, LoRA and prompts give embeddings and gradients as on cpu', async () => {
      await expectAsOnCpu(
        'all at once',
        () => {
          const { params, ids, adalink, factors, prompts } = loadClipReference();
          const [lora, own] = [factors.text, prompts.text];
          const tasks = { tuned: { adalink }, plain: { adalink: {} } };
          return withGradients({ adalink: adalink.text, lora, prompts: own }, () => {
            const tower = mergeLora({ rank: 2, alpha: 3 }, params.text, { lora });
            const prompted = promptClipText(textConfig, own, ids);
            const after = adaLinkOfTasks(config, tasks, 'text', ['tuned', 'plain', 'tuned']);
            return applyClipText(textConfig, tower, prompted.ids, { onEmbeddings: { ...prompted.onEmbeddings, after } }).pooled;
          });
        },
        { tolerance: 1e-4 },
      );
    }, 300_000); // A driver in software compiles shaders for seconds each.
  },
  { precisions: ['f32'] },
);
