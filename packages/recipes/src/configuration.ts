import type { VitConfig, VitInitialization } from '@vitrail/vit';

/** The image tower: a `VitConfig` but for the crop size (`views.globalSize`) and the mask token (there when the system masks). */
export type ImageTowerSection = {
  /** Side of a patch, in pixels. */
  patchSize: number;
  width: number;
  depth: number;
  heads: number;
  mlp: VitConfig['mlp']['kind'];
  mlpHidden: number;
  /** CLS tokens: one per caption stream, or one where there are no captions. */
  clsTokens: number;
  /** Side of the learned position grid, in patches; other grids are interpolated. */
  positionGrid: number;
  /** How the tower starts: as TIPS', or `local`, with patches that look at what is near and alike. */
  initialization: VitInitialization;
};

/** The text tower; its width is the image tower's, since the two are compared without a projection. */
export type TextTowerSection = {
  depth: number;
  heads: number;
  mlpHidden: number;
  /** Longest caption, in tokens; the rest is cut off. */
  maxTokens: number;
  /** Largest vocabulary: 257 ids for padding and bytes, the rest for the most frequent words of the captions. */
  vocabularySize: number;
};

/** What is cut out of a picture. Sizes in pixels; scales are shares of the picture's area. */
export type ViewsSection = {
  globalSize: number;
  /** Global crops of every picture: 2 in DINO and iBOT. Other recipes have one, and no such setting. */
  globalCrops?: number;
  localSize: number;
  localCrops: number;
  globalScale: readonly [number, number];
  localScale: readonly [number, number];
  /** Width over height of a crop before it is resized to a square. */
  aspect: readonly [number, number];
  /** Probability of a horizontal flip. */
  flip: number;
};

/** The optimiser and its schedule: linear warm-up, then a cosine to zero. */
export type OptimizerSection = {
  name: 'adamw' | 'adafactor' | 'lamb';
  learningRate: number;
  warmupSteps: number;
  /** `beta1`, `beta2` and `epsilon` are those of AdamW and LAMB; Adafactor has none of them. */
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled weight decay; never on vectors, CLS and mask tokens, positions and the temperature. */
  weightDecay: number;
  /** Gradients are scaled down to this global norm. */
  maximumNorm: number;
};

/** The run: its length, its seed, and how often it reports. All counts are in steps but `batchSize`, `accumulate` and `evaluateSamples`. */
export type TrainSection = {
  steps: number;
  /** Pictures per micro-batch. */
  batchSize: number;
  /** Micro-batches per update; each sees only its own negatives in the contrastive loss. */
  accumulate: number;
  /** Whether blocks of the image tower are run again in the backward pass, which keeps only their inputs: less memory, more time. */
  remat: boolean;
  seed: number;
  /** A row of `metrics.jsonl` holds the means over this many steps. */
  logEvery: number;
  checkpointEvery: number;
  /** Newest checkpoints that are kept. */
  keepCheckpoints: number;
  evaluateEvery: number;
  /** Pictures of the evaluation data looked at during the run; the evaluation at the end takes four times as many. */
  evaluateSamples: number;
};

/** Where pictures come from: the `SPEC`s of the command line. With an empty `evaluate`, a part of the training data is held out. */
export type DataSection = { train: string; evaluate: string };

/** Which captions are drawn. */
export type CaptionsSection = {
  /** One list of granularities per CLS token; a caption is drawn from each list. */
  streams: readonly (readonly string[])[];
};

/** What every recipe's configuration has: enough to feed, optimise and run. */
export type RunConfiguration = {
  data: DataSection;
  views: ViewsSection;
  optimizer: OptimizerSection;
  train: TrainSection;
  /** Of recipes that train a text tower: they have a tokenizer of their own, learned from the captions. */
  text?: TextTowerSection;
  /** Of recipes that read captions. */
  captions?: CaptionsSection;
};

/** What the configuration of a recipe has that trains the image tower of TIPS, with or without texts. */
export type ImageConfiguration = RunConfiguration & { image: ImageTowerSection };

/** What the configuration of a recipe with the two towers of TIPS has. */
export type DualEncoderConfiguration = ImageConfiguration & {
  text: TextTowerSection;
  captions: CaptionsSection;
  loss: {
    /** Temperature of the contrastive loss at the start; it is learned. */
    temperature: number;
    minimumTemperature: number;
  };
};
