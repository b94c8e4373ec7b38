import { engine, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { createRng, flattenTree, type TensorTree } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { wordTokenizer } from '@vitrail/text';
import { createTrainStep, initTrainState, type TrainProgram, type TrainState } from '@vitrail/train';
import type { DualEncoderConfiguration, DualEncoderParams, RunConfiguration, System, TipsConfiguration } from '../src/index.ts';

export { disposeState } from '@vitrail/train';

/** TIPSv2 on 16-pixel pictures: 4 x 4 patches, two blocks of width 16, heads to 10 prototypes. */
export const tinyConfig: TipsConfiguration = {
  data: { train: '', evaluate: '' },
  image: {
    patchSize: 4,
    width: 16,
    depth: 2,
    heads: 2,
    mlp: 'gelu-tanh',
    mlpHidden: 32,
    clsTokens: 2,
    positionGrid: 6,
    initialization: 'tips',
  },
  text: { depth: 1, heads: 2, mlpHidden: 24, maxTokens: 6, vocabularySize: 300 },
  views: {
    globalSize: 16,
    localSize: 8,
    localCrops: 2,
    globalScale: [0.4, 1],
    localScale: [0.1, 0.4],
    aspect: [3 / 4, 4 / 3],
    flip: 0.5,
  },
  captions: { streams: [['alt'], ['short', 'long']] },
  mask: { kind: 'random', ratio: 0.75 },
  heads: { hidden: 12, bottleneck: 8, prototypes: 10, frozenSteps: 0 },
  loss: {
    temperature: 0.07,
    minimumTemperature: 0.005,
    patch: 'ibot++',
    patchWeight: 2,
    dinoWeight: 1,
    studentTemperature: 0.1,
    teacherTemperature: { from: 0.04, to: 0.07, steps: 5 },
    centerMomentum: 0.9,
  },
  teacher: { policy: 'heads', momentum: { from: 0.9, to: 1 } },
  optimizer: {
    name: 'adamw',
    learningRate: 1e-3,
    warmupSteps: 2,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.04,
    maximumNorm: 3,
  },
  train: {
    steps: 30,
    batchSize: 3,
    accumulate: 1,
    remat: false,
    seed: 7,
    logEvery: 1,
    checkpointEvery: 1,
    keepCheckpoints: 1,
    evaluateEvery: 1,
    evaluateSamples: 1,
  },
};

/** The configuration with some settings of its sections replaced. */
export function tiny(overrides: { [S in keyof TipsConfiguration]?: Partial<TipsConfiguration[S]> } = {}): TipsConfiguration {
  const sections = Object.entries(tinyConfig).map(([name, section]) => {
    return [name, { ...section, ...overrides[name as keyof TipsConfiguration] }];
  });
  return Object.fromEntries(sections) as TipsConfiguration;
}

/** The settings of {@link tiny} that all recipes have, without local crops. */
export function tinyContrastive(): DualEncoderConfiguration {
  const { data, image, text, views, captions, loss, optimizer, train: run } = tiny();
  const { temperature, minimumTemperature } = loss;
  const shared = { data, image, text, captions, optimizer, train: run };
  return { ...shared, views: { ...views, localCrops: 0 }, loss: { temperature, minimumTemperature } };
}

export const tokenizer = wordTokenizer({ words: ['a', 'red', 'blue', 'ball', 'cube', 'on', 'grass', 'photo'], maxTokens: 6 });

/**
 * What a loader gives at a step: pictures of noise, and captions of three granularities that say which picture it is.
 *
 * @param options `augmented`: further views of every picture, none by default
 */
export function hostBatch(
  { views, train }: Pick<RunConfiguration, 'views' | 'train'>,
  step = 0,
  { augmented = 0 }: { augmented?: number } = {},
): Batch {
  const { batchSize } = train;
  const pixels = (crops: number, size: number, name: string) => {
    const rng = createRng(0).fork(name, step);
    return Float32Array.from({ length: crops * size ** 2 * 3 }, () => rng.uniform());
  };
  const samples = Array.from({ length: batchSize }, (_, row) => {
    const [color, thing] = [['red', 'blue'][row % 2], ['ball', 'cube', 'grass'][row % 3]];
    const captions = { alt: `${thing} photo`, short: `a ${color} ${thing}`, long: `a ${color} ${thing} on grass` };
    return { epoch: 0, index: step * batchSize + row, key: `picture ${row}`, captions };
  });
  return {
    step,
    samples,
    global: pixels(batchSize * (views.globalCrops ?? 1), views.globalSize, 'global'),
    locals: pixels(batchSize * views.localCrops, views.localSize, 'local'),
    ...(augmented > 0 && {
      augmented: Array.from({ length: augmented }, (_, a) => pixels(batchSize, views.globalSize, `augmented ${a}`)),
    }),
  };
}

/** Any recipe's system, as those that run recipes by name see it. */
export type AnySystem = System<DualEncoderParams & TensorTree, TensorTree, unknown>;

/** Runs a system from its start and tells of every step; the caller disposes the state that comes back (`disposeState`). */
export function train(
  system: AnySystem,
  config: DualEncoderConfiguration,
  steps: number,
  afterStep: (state: TrainState<DualEncoderParams & TensorTree>, metrics: Record<string, number>) => void = () => {},
  batchAt: (step: number) => Batch = (step) => hostBatch(config, step),
): TrainState<DualEncoderParams & TensorTree> {
  const step = createTrainStep({ ...system, maximumNorm: config.optimizer.maximumNorm });
  let state = initTrainState(system.program.init(createRng(config.train.seed)), system.optimizer);
  while (state.step < steps) {
    const batch = system.prepare(tokenizer, batchAt(state.step));
    const outcome = step(state, [batch]);
    system.release(batch);
    state = outcome.state;
    const [, ...numbers] = outcome.counted.dataSync();
    afterStep(state, Object.fromEntries(outcome.names.map((name, i) => [name, numbers[i]])));
  }
  return state;
}

/**
 * What the program's loss gives at a step, read from the device, and its gradients by path: 'none' where it does not depend on a tensor
 * of `of` (the parameters, if not given). Made for a tidy.
 */
export function lossAndGradients<Params extends TensorTree, Carried extends TensorTree, StepBatch>(
  program: TrainProgram<Params, Carried, StepBatch>,
  { params, carried }: { params: Params; carried: Carried },
  batch: StepBatch,
  { step = 0, of = params }: { step?: number; of?: TensorTree } = {},
) {
  const leaves = flattenTree<Tensor>(of);
  const read = (tree: TensorTree) =>
    Object.fromEntries(Object.entries(flattenTree<Tensor>(tree)).map(([path, tensor]) => [path, tensor.dataSync()]));
  let terms: Record<string, number> = {};
  let auxiliary: ReturnType<typeof read> = {};
  const { grads } = engine().gradients<Scalar>(
    () => {
      const result = program.loss(params, carried, batch, step);
      terms = Object.fromEntries(Object.entries({ loss: result.loss, ...result.metrics }).map(([k, v]) => [k, v.dataSync()[0]]));
      auxiliary = read(result.auxiliary);
      return result.loss;
    },
    Object.values(leaves),
    undefined,
    true,
  );
  const reached: readonly (Tensor | undefined)[] = grads;
  const gradients = Object.fromEntries(Object.keys(leaves).map((path, i) => [path, reached[i] ?? 'none'] as const));
  return { terms, auxiliary, gradients };
}
