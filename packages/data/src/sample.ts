/** A picture: `width` by `height` pixels, 8-bit sRGB. */
export type RgbImage = {
  /** In pixels, at least 1. */
  readonly width: number;
  /** In pixels, at least 1. */
  readonly height: number;
  /** `[height * width * 3]`, row-major, channels red, green, blue. */
  readonly data: Uint8Array;
};

/** The true class of every pixel of a picture of the same width and height. */
export type LabelMap = {
  readonly width: number;
  readonly height: number;
  /** `[height * width]`, row-major: an index into the `classNames` of the source. */
  readonly data: Uint8Array;
};

/** What is written about one picture: granularity (`alt`, `short`, `long`, ...) -> one text, or several to draw from. */
export type SampleCaptions = { readonly [granularity: string]: string | readonly string[] };

/** One picture with what is known about it. Whoever reads it may keep it: no source writes to a sample again. */
export type Sample = {
  /** The sample's name in its source: the member's path up to its first dot in a shard, `scene-train-000012` for a scene. */
  readonly key: string;
  readonly image: RgbImage;
  /** Empty when the source has no text for this picture; {@link loadBatches} counts that as a bad sample. */
  readonly captions: SampleCaptions;
  readonly labels?: LabelMap;
  /** An index into the `classNames` of the source. */
  readonly classIndex?: number;
};

/** A set of samples with random access. Reading has no side effects: the same index always gives the same sample, in any order. */
export interface SampleSource {
  /** One line for people: what this is and how much of it. */
  readonly description: string;
  /** The number of samples. */
  readonly size: number;
  /** What `labels` and `classIndex` of the samples index. */
  readonly classNames?: readonly string[];
  /** Whether every sample has `labels`. */
  readonly hasLabelMaps: boolean;
  /** The words that captions and prompts of this source are made of, most useful first, where they are known beforehand. */
  readonly words?: readonly string[];
  /** Prompts that sound like the captions, with `{}` where a class name goes. */
  readonly templates?: readonly string[];
  /** What a user should hear of before trusting the source (shards that are cut off, keys without a picture), one sentence each. */
  readonly warnings?: readonly string[];
  /** The key of a sample, without reading it. */
  key?(index: number): string;
  /**
   * Reads sample `index`, `0 <= index < size`. Several reads may be under way at once.
   *
   * @throws `corrupt-data` naming file and member when this one sample is damaged; any other code means that reading itself failed.
   */
  read(index: number): Promise<Sample>;
  /**
   * Pictures that show one thing each, with `classIndex`, for classification and k-NN: the tiles of a mosaic, scenes of one object, the samples
   * themselves where they are labelled. What is returned lives as long as this source and has its own `classNames`; closing it does nothing.
   */
  singles?(): SampleSource;
  /** Frees files and memory. Reading afterwards is an error. */
  close(): Promise<void>;
}

/** Turns the bytes of an image file into pixels: `decodeWithSharp` in Node; a browser passes its own. Rejects on anything damaged. */
export type ImageDecoder = (bytes: Uint8Array) => Promise<RgbImage>;
