/** A value of `metrics.jsonl`. Numbers that JSON cannot hold come as `"NaN"`, `"Infinity"`, `"-Infinity"` or `null`. */
export type MetricValue = number | string | boolean | null | undefined;

/** One row of `metrics.jsonl`; evaluation rows name their numbers by dotted path (`retrieval.imageToText.R@1`). */
export type MetricRow = {
  readonly step: number;
  /** `train` or `eval`. */
  readonly split: string;
  readonly [metric: string]: MetricValue;
};

/** What `summary.json` says. Only the first two are needed: a run that never ended has no more to tell. */
export type RunSummary = {
  /** `completed`, `interrupted`, `failed`, or `unfinished` when the run left no summary. */
  readonly status: string;
  /** Why a run failed. */
  readonly reason?: string;
  /** Steps done. */
  readonly steps: number;
  /** Wall-clock seconds. */
  readonly seconds?: number | null;
  readonly imagesPerSecond?: number | null;
  readonly backend?: string;
  /** Numbers of parameters: the two towers, and everything that training updates. */
  readonly parameters?: { readonly image: number; readonly text: number; readonly training: number };
  /** Steps whose update was left out because a number in it was not finite. */
  readonly skippedSteps?: number;
  /** Samples that could not be read and were passed over. */
  readonly badSamples?: number;
  /** Nested numbers in [0, 1], by task; strings say how they were taken. */
  readonly eval?: unknown;
};

/** A picture of the test split with what the model makes of it. Every image is a `data:image/...` URI. */
export type PictureExample = {
  readonly caption: string;
  readonly image: string;
  /** True classes, in the colours of the legend; of a picture with a label map. */
  readonly truth?: string;
  /** Predicted classes, in the colours of the legend; of a picture with a label map and a model with texts. */
  readonly prediction?: string;
  /** First three principal components of the patch features, as red, green and blue. */
  readonly pca: string;
  /** How similar the patches are to a word, one map per word. */
  readonly similarity?: readonly { readonly word: string; readonly image: string }[];
};

/** A text with its true picture and the pictures found for it, best first. */
export type RetrievalExample = {
  readonly text: string;
  readonly image: string;
  readonly results: readonly { readonly image: string; readonly correct: boolean; readonly score: number }[];
};

/** The pictures of a report: `pictures.json` in the run directory. */
export type ReportPictures = {
  /** The legend of the segmentation maps; colours are sRGB in 0..255. */
  readonly classes: readonly { readonly name: string; readonly color: readonly [number, number, number] }[];
  readonly segmentation: readonly PictureExample[];
  readonly retrieval: readonly RetrievalExample[];
};

/** GPU time by kernel over some steps, the longest first: `profile.json` in the run directory. */
export type ReportProfile = {
  readonly steps: number;
  readonly kernels: readonly { readonly kernel: string; readonly launches: number; readonly milliseconds: number }[];
};

/** Everything a report shows. */
export type ReportInput = {
  /** `config.json` as resolved; nothing in it is needed. */
  readonly config: unknown;
  readonly metrics: readonly MetricRow[];
  readonly summary: RunSummary;
  readonly pictures?: ReportPictures;
  readonly profile?: ReportProfile;
};
