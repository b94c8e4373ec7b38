import { countShapes, flattenTree, type ParameterShapes } from '@vitrail/core';
import { prototypeHeadShapes } from '@vitrail/heads';
import { textShapes } from '@vitrail/text';
import { vitShapes } from '@vitrail/vit';
import type { DualEncoderConfiguration } from './configuration.ts';
import type { TipsConfiguration } from './tips-configuration.ts';

/** What a training step needs, in bytes. */
export type StepMemory = {
  parameters: number;
  /** What the optimiser holds, and the averaged teacher. */
  state: number;
  /** Of one micro-batch, and their sum where there are several. */
  gradients: number;
  /** What one micro-batch keeps for the backward pass, and the gradients of it; with the micro-batch itself. */
  activations: number;
  /** The most that is there at a time. */
  peak: number;
  /** The largest tensor. */
  largest: LargestTensor;
};

/** A tensor, in words, and the setting that makes it large. */
export type LargestTensor = {
  name: string;
  bytes: number;
  setting: 'train.batchSize' | 'heads.prototypes' | 'text.vocabularySize';
};

/** One run of a tower over `tokens` tokens of width D. */
type Pass = {
  name: string;
  tokens: number;
  width: number;
  depth: number;
  hidden: number;
  heads: number;
  /** Times `hidden` that a feed-forward layer keeps per token, and the most in one tensor. */
  mlp: { kept: number; widest: number };
  /** Times `width` that a block keeps per token, beside that. */
  kept: number;
  /** Numbers before the first block and after the last. */
  around: number;
  /** Whether blocks keep their input alone, and are run again one at a time. */
  remat: boolean;
};

/** Scores that the gradient of the patch and DINO losses has in memory at a time, of student and of teacher (`softTargetCrossEntropy`). */
const CHUNK_SCORES = 2 ** 22;

/**
 * Estimates the memory of a training step from the configuration alone: nothing is allocated.
 *
 * A block keeps for its backward pass, per token of width D: its input, two normed inputs, queries, keys and values, what attention gives,
 * and the sum after it, 8 D; of an MLP of width H the hidden layer before and after the activation, 2 H (SwiGLU: 3 H); and a few numbers for
 * norms and attention. tfjs holds the gradient of everything until the last one is there: another 10 D and H (SwiGLU: 5 H). To this come the
 * crops, what is around the blocks and in heads, parameters, their gradients, the state of the optimiser, and the averaged teacher. While
 * parameters are updated the old ones and the new ones are there, but no activations. With `train.remat` a block of the image tower keeps
 * its input and the gradient of it, 2 D, and one block at a time the rest.
 *
 * On `wasm` the largest number of bytes in tensors during two steps, values that several tensors share counted once, was within 15 % of
 * `peak` in four configurations (`apps/cli/test/step-memory.test.ts`). What a backend keeps for later use, and what
 * single kernels need while they run, comes on top.
 *
 * @param options.precision of activations: in `f16` those inside blocks and heads take two bytes
 * @example estimateStepMemory(tipsv2.presets.tiny.config).peak // 2.4e8
 */
export function estimateStepMemory(
  config: DualEncoderConfiguration | TipsConfiguration,
  { precision = 'f32' }: { precision?: 'f32' | 'f16' } = {},
): StepMemory {
  const activation = precision === 'f16' ? 2 : 4;
  const tips = 'heads' in config ? config : undefined;
  const shapes = parameterShapes(config, tips);
  const parameters = 4 * countShapes(shapes);
  const optimizer = 4 * optimizerNumbers(config.optimizer.name, shapes);
  const state = optimizer + 4 * teacherNumbers(tips, shapes);
  const gradients = parameters * (config.train.accumulate > 1 ? 2 : 1);

  const passes = passesOf(config, tips);
  const crops = 4 * cropNumbers(config);
  const inTowers = sum(passes.map((pass) => activation * blockNumbers(pass) + 4 * pass.around));
  // The crops are there once as they came and once cut into patches, for every tower that looks at them.
  const activations = inTowers + crops + 4 * patchNumbers(config, tips) + activation * headNumbers(tips);
  const backward = parameters + state + gradients + activations;
  const update = 2 * (parameters + optimizer) + (state - optimizer) + gradients;
  return {
    parameters,
    state,
    gradients,
    activations,
    peak: Math.max(backward, update),
    largest: largestTensor(config, passes, activation),
  };
}

function parameterShapes({ image, text, views }: DualEncoderConfiguration, tips: TipsConfiguration | undefined) {
  const vit = {
    ...image,
    imageSize: views.globalSize,
    mlp: { kind: image.mlp, hidden: image.mlpHidden },
    maskToken: tips !== undefined,
  };
  const head = tips && prototypeHeadShapes({ width: image.width, ...tips.heads });
  return {
    image: vitShapes(vit),
    text: textShapes({ ...text, width: image.width }),
    ...(head && { heads: { cls: head, patch: head } }),
  } satisfies ParameterShapes;
}

/** AdamW and LAMB hold two moments per parameter; Adafactor of a matrix sums of rows and columns. */
function optimizerNumbers(name: DualEncoderConfiguration['optimizer']['name'], shapes: ParameterShapes): number {
  if (name !== 'adafactor') return 2 * countShapes(shapes);
  const leaves = Object.values(flattenTree<readonly number[]>(shapes));
  return sum(leaves.map((shape) => (shape.length < 2 ? product(shape) : product(shape.slice(0, -1)) + (shape.at(-1) ?? 1))));
}

function teacherNumbers(tips: TipsConfiguration | undefined, shapes: ReturnType<typeof parameterShapes>): number {
  if (tips === undefined || tips.teacher.policy === 'none') return 0;
  const heads = countShapes(shapes.heads ?? {});
  return tips.teacher.policy === 'full' ? heads + countShapes(shapes.image) : heads;
}

/** The runs of towers that a gradient goes through. */
function passesOf(config: DualEncoderConfiguration, tips: TipsConfiguration | undefined): readonly Pass[] {
  const { image, text, views, captions, train } = config;
  const block = { width: image.width, kept: 18 };
  const tower = {
    ...block,
    depth: image.depth,
    hidden: image.mlpHidden,
    heads: image.heads,
    mlp: image.mlp === 'swiglu' ? { kept: 8, widest: 2 } : { kept: 3, widest: 1 },
    remat: train.remat,
  };
  const crops = (name: string, count: number, side: number, aroundPerToken: number): Pass => {
    const tokens = count * ((side / image.patchSize) ** 2 + image.clsTokens);
    return { ...tower, name, tokens, around: aroundPerToken * tokens * image.width };
  };
  const texts = captions.streams.length * train.batchSize * text.maxTokens;
  return [
    crops('the crops', train.batchSize, views.globalSize, 10),
    ...(tips && tips.loss.patch !== 'none' ? [crops('the masked crops', train.batchSize, views.globalSize, 16)] : []),
    ...(tips && tips.loss.dinoWeight > 0
      ? [crops('the local crops', train.batchSize * views.localCrops, views.localSize, 10)]
      : []),
    {
      // Padding is multiplied away after the MLP, for which its output is kept, and the product has a gradient.
      ...{ ...block, kept: 21 },
      depth: text.depth,
      hidden: text.mlpHidden,
      heads: text.heads,
      mlp: { kept: 3, widest: 1 },
      remat: false,
      name: 'the captions',
      tokens: texts,
      around: 8 * texts * image.width,
    },
  ];
}

function blockNumbers({ tokens, width, depth, hidden, heads, mlp, kept, remat }: Pass): number {
  const whole = kept * width + mlp.kept * hidden + heads + 4;
  return tokens * (remat ? depth * 2 * width + whole : depth * whole);
}

function cropNumbers({ views, train }: DualEncoderConfiguration): number {
  return train.batchSize * 3 * (views.globalSize ** 2 + views.localCrops * views.localSize ** 2);
}

/** Crops cut into patches, once for every run of the tower. */
function patchNumbers({ views, train }: DualEncoderConfiguration, tips: TipsConfiguration | undefined): number {
  const global = train.batchSize * 3 * views.globalSize ** 2;
  const local = train.batchSize * views.localCrops * 3 * views.localSize ** 2;
  return global + (tips && tips.loss.patch !== 'none' ? global : 0) + (tips && tips.loss.dinoWeight > 0 ? local : 0);
}

/** In the student's heads: two hidden layers before and after the activation, the output before and after its normalisation, and gradients. */
function headNumbers(tips: TipsConfiguration | undefined): number {
  if (tips === undefined) return 0;
  const { hidden, bottleneck, prototypes } = tips.heads;
  const { patches, crops } = distilled(tips);
  return (patches + crops) * (6 * hidden + 6 * bottleneck) + 4 * prototypes * bottleneck;
}

function largestTensor(
  config: DualEncoderConfiguration | TipsConfiguration,
  passes: readonly Pass[],
  activation: number,
): LargestTensor {
  const { image, text, views, train } = config;
  const batch = (name: string, bytes: number): LargestTensor => ({ name, bytes, setting: 'train.batchSize' });
  const tensors: LargestTensor[] = [
    ...passes.flatMap(({ name, tokens, width, hidden, mlp }) => [
      batch(`queries, keys and values of ${name}`, activation * tokens * 3 * width),
      batch(`the hidden layer of ${name}`, activation * tokens * mlp.widest * hidden),
    ]),
    batch('the crops', 4 * train.batchSize * 3 * views.globalSize ** 2),
    batch('the local crops', 4 * train.batchSize * views.localCrops * 3 * views.localSize ** 2),
    { name: 'the word embeddings', bytes: 4 * text.vocabularySize * image.width, setting: 'text.vocabularySize' },
    ...('heads' in config
      ? [
          {
            name: 'the prototypes',
            bytes: 4 * config.heads.prototypes * config.heads.bottleneck,
            setting: 'heads.prototypes',
          } as const,
          largestScores(config),
        ]
      : []),
  ];
  return tensors.reduce((largest, tensor) => (tensor.bytes > largest.bytes ? tensor : largest));
}

/** Of the patches or crops that one chunk of the loss compares with the prototypes. */
function largestScores(config: TipsConfiguration): LargestTensor {
  const { prototypes } = config.heads;
  const { patches, crops } = distilled(config);
  const chunk = Math.min(Math.max(patches, crops), Math.max(1, Math.round(CHUNK_SCORES / prototypes)));
  return {
    name: `the scores of ${chunk} ${patches >= crops ? 'patches' : 'crops'}`,
    bytes: 4 * chunk * prototypes,
    setting: 'heads.prototypes',
  };
}

/** Patches and local crops of a micro-batch that are compared with prototypes. */
function distilled({ image, loss, views, train }: TipsConfiguration): { patches: number; crops: number } {
  return {
    patches: loss.patch === 'none' ? 0 : train.batchSize * (views.globalSize / image.patchSize) ** 2,
    crops: loss.dinoWeight > 0 ? train.batchSize * views.localCrops : 0,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total * number, 1);
}
