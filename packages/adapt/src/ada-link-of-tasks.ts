import {
  add,
  clone,
  matMul,
  mul,
  type Rank,
  relu,
  reshape,
  stack,
  type Tensor3D,
  tensor1d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { gelu, takeRows } from '@vitrail/ops';
import { type AdaLinkConfig, type AdaLinkParams, adaLinkModule, requireWidth } from './ada-link.ts';
import { requireName } from './require-name.ts';

/**
 * AdaLink with another module for each sample of one batch, so that many tasks share a frozen tower:
 * `E'_b = E_b + s phi(E_b W_down[t_b]) W_up[t_b]`.
 *
 * A task that has no module for the modality leaves its samples as they are. Modules are gathered to `[B, d, r]` and multiplied as a batch;
 * gradients reach the modules of the tasks that are in the batch.
 *
 * @param tasks modules by the name of the task, all of one configuration
 * @param taskIds the task of each sample, B names
 * @returns the function of embeddings `[B, L, d]` that gives `[B, L, d]`, the caller's; for `onEmbeddings` of a tower
 * @throws `unknown-name` for a task or modality that there is not; `shape-mismatch` for another number of samples than names, and as {@link adaLink}
 * @see "Non-Intrusive Adaptation", Wang et al. 2023 (arXiv 2310.12100)
 * @example adaLinkOfTasks(config, { birds, cars }, 'image', ['cars', 'birds'])(zeros([2, 50, 768])).shape // [2, 50, 768]
 */
export function adaLinkOfTasks(
  config: AdaLinkConfig,
  tasks: Readonly<Record<string, AdaLinkParams>>,
  modality: string,
  taskIds: readonly string[],
): (tokens: Tensor3D) => Tensor3D {
  const names = [...new Set(taskIds)];
  for (const name of names) requireName('adaLinkOfTasks', 'task', name, Object.keys(tasks));
  const modules = names.map((name) => adaLinkModule('adaLinkOfTasks', config, tasks[name], modality));
  const { rank, activation, scale = 1 } = config;
  const width = config.widths[modality];
  return (tokens) => {
    requireWidth('adaLinkOfTasks', config, modality, tokens);
    const [batch] = tokens.shape;
    if (tokens.rank !== 3 || batch !== taskIds.length) {
      throw new VitrailError(
        'shape-mismatch',
        `adaLinkOfTasks: there is one task per sample, ${taskIds.length} names for [B, L, d], but embeddings of [${tokens.shape.join(', ')}] came`,
      );
    }
    if (modules.every((module) => module === undefined)) return clone(tokens);
    return tidy(() => {
      const rows = tensor1d(
        taskIds.map((id) => names.indexOf(id)),
        'int32',
      );
      const gathered = (name: 'down' | 'up', shape: [number, number]): Tensor3D => {
        const all = stack(modules.map((module) => module?.[name] ?? zeros<Rank.R2>(shape))); // [T, ...shape]
        return reshape(takeRows(reshape(all, [modules.length, width * rank]), rows), [batch, ...shape]);
      };
      const sums = matMul(tokens, gathered('down', [width, rank])); // [B, L, r]
      const hidden = activation === 'gelu' ? gelu(sums) : activation === 'relu' ? relu(sums) : sums;
      return add(tokens, mul(matMul(hidden as Tensor3D, gathered('up', [rank, width])), scale));
    });
  };
}
