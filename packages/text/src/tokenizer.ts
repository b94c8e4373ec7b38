/** Text to token ids. */
export type Tokenizer = {
  /** V: ids lie in `[0, V)`. */
  readonly vocabularySize: number;
  /** Tokens of the longest text; the rest is cut off. */
  readonly maxTokens: number;
  /** What shorter texts of a batch are filled up with; 0 if left out. */
  readonly padId?: number;
  /** The ids of a text: at most `maxTokens`, without padding. */
  encode(text: string): number[];
  /** A plain object that `tokenizerFromJSON` makes the same tokenizer of. */
  toJSON(): unknown;
};
