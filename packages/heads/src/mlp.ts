import { relu, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import {
  fanInUniform,
  filled,
  type InitializationRule,
  type Initializer,
  initParameters,
  layerNormShapes,
  linearShapes,
  type ParameterShapes,
  type Rng,
  requireShape,
  VitrailError,
} from '@vitrail/core';
import { type LinearParams, linear } from '@vitrail/ops';
import {
  type BatchNormOptions,
  type BatchNormParams,
  type BatchNormStatistics,
  batchNorm,
  initBatchNormStatistics,
} from './batch-norm.ts';

/** One layer of an MLP: a linear map, then a batch norm, then an activation; the last two where they are named. */
export type MlpLayer = {
  /** How many numbers come out. */
  readonly width: number;
  /** Whether the linear map adds a bias; true by default. */
  readonly bias?: boolean;
  /** A batch norm with scale and bias (`affine`) or without parameters (`plain`); none by default. */
  readonly norm?: 'affine' | 'plain';
  /** None by default. */
  readonly activation?: 'relu';
};

/** A projector or predictor: `width`, how many numbers come in, and its layers. */
export type MlpConfig = { readonly width: number; readonly layers: readonly MlpLayer[] };

/** By the number of the layer, from 0. Kernels are `[inputs, outputs]`. */
export type MlpParams = { readonly [layer: string]: { readonly linear: LinearParams; readonly norm?: BatchNormParams } };

/** Running statistics by the number of the layer, of those that have a batch norm. They are state beside the parameters, not learned. */
export type MlpStatistics = { readonly [layer: string]: BatchNormStatistics };

/** The shape of every parameter of {@link MlpParams}. */
export function mlpShapes({ width, layers }: MlpConfig): ParameterShapes {
  return Object.fromEntries(
    layers.map((layer, i) => {
      const { kernel, bias } = linearShapes(i === 0 ? width : layers[i - 1].width, layer.width);
      return [
        i,
        {
          linear: { kernel, ...(layer.bias !== false && { bias }) },
          ...(layer.norm === 'affine' && { norm: layerNormShapes(layer.width) }),
        },
      ];
    }),
  );
}

/**
 * A freshly initialised MLP, as PyTorch's layers are: kernels and biases uniform within `+-1 / sqrt(inputs)`, scales 1 and biases 0 in norms.
 *
 * @param rng each parameter draws from its own stream, named by its path
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for widths that are not whole numbers of at least 1, or no layer
 * @example initMlp({ width: 96, layers: [{ width: 256, activation: 'relu' }, { width: 64 }] }, createRng(0))[1].linear.kernel.shape // [256, 64]
 */
export function initMlp(config: MlpConfig, rng: Rng): MlpParams {
  requireConfig('initMlp', config);
  const biases = config.layers.map((_, i): InitializationRule[number] => {
    return [`${i}.linear.bias`, uniformWithin(1 / Math.sqrt(i === 0 ? config.width : config.layers[i - 1].width))];
  });
  return initParameters(mlpShapes(config), rng, [
    ['*.linear.kernel', fanInUniform],
    ...biases,
    ['*.norm.scale', filled(1)],
    ['*.norm.bias', filled(0)],
  ]) as MlpParams;
}

/**
 * Running statistics of an MLP that has not been trained; `{}` for one without batch norms.
 *
 * @returns a tree, the caller's
 * @throws as {@link initMlp}
 * @example initMlpStatistics({ width: 96, layers: [{ width: 256, norm: 'plain' }] })[0].mean.shape // [256]
 */
export function initMlpStatistics(config: MlpConfig): MlpStatistics {
  requireConfig('initMlpStatistics', config);
  return Object.fromEntries(
    config.layers.flatMap(({ norm, width }, i) => (norm === undefined ? [] : [[i, initBatchNormStatistics(width)]])),
  );
}

/**
 * Applies an MLP: of each layer `activation(batchNorm(x kernel + bias))`, with what the layer has of them.
 *
 * @param config what {@link initMlp} was given
 * @param params its parameters
 * @param statistics running statistics of its batch norms; they stay as they are
 * @param x `[B, D]`
 * @param options of {@link batchNorm}
 * @returns `output` `[B, E]`, the caller's; `statistics` for the next call: in training new tensors, the caller's, in evaluation those given
 * @throws `shape-mismatch` when x, parameters and statistics do not fit together; `invalid-argument` as {@link initMlp} and {@link batchNorm}
 * @example applyMlp(config, params, statistics, ones([32, 96]), { training: true }).output.shape // [32, 64]
 */
export function applyMlp(
  config: MlpConfig,
  params: MlpParams,
  statistics: MlpStatistics,
  x: Tensor2D,
  options: BatchNormOptions,
): { output: Tensor2D; statistics: MlpStatistics } {
  requireConfig('applyMlp', config);
  requireShape('applyMlp', 'x', x, ['B', config.width]);
  return tidy(() => {
    const next: Record<string, BatchNormStatistics> = {};
    let output = x;
    config.layers.forEach(({ norm, activation }, i) => {
      const layer = params[i];
      if (!layer || (norm && !statistics[i])) {
        throw new VitrailError(
          'shape-mismatch',
          `applyMlp: layer ${i} has parameters${norm ? ' and statistics' : ''}, but no ${layer ? 'statistics' : 'parameters'} came`,
        );
      }
      if (!norm) {
        output = linear(output, layer.linear, activation) as Tensor2D;
        return;
      }
      const normed = batchNorm(linear(output, layer.linear) as Tensor2D, layer.norm ?? {}, statistics[i], options);
      next[i] = normed.statistics;
      output = activation ? relu(normed.output) : normed.output;
    });
    return { output, statistics: next };
  });
}

function uniformWithin(limit: number): Initializer {
  return ([length], rng) => Float32Array.from({ length }, () => rng.uniform(-limit, limit));
}

function requireConfig(what: string, { width, layers }: MlpConfig): void {
  if (layers.length === 0) throw new VitrailError('invalid-argument', `${what}: an MLP has at least one layer, but none came`);
  for (const size of [width, ...layers.map((layer) => layer.width)]) {
    if (!(Number.isSafeInteger(size) && size >= 1)) {
      throw new VitrailError('invalid-argument', `${what}: widths are whole numbers of at least 1, but ${size} came`);
    }
  }
}
