import { type InitializationRule, type Initializer, xavierUniform } from '@vitrail/core';

/** Amplitude of the position table, about that of embedded patches. */
const POSITION_AMPLITUDE = 0.5;
/** The slowest wave of the position table is this many times longer than the fastest, whose period is four patches. */
const LONGEST_WAVE = 100;
/** Queries and keys are this much larger than Xavier's: attention that starts on alike tokens must tell them apart. */
const ATTENTION_GAIN = 1.5 / Math.SQRT2;

/**
 * How a tower starts whose patches look at what is near and alike, to be put before other rules: positions are sines and cosines of two
 * dimensions, and the keys of each block equal its queries, both Xavier-uniform times 1.06. All of it is trained from there.
 *
 * A tower that starts with small positions and independent queries and keys attends almost evenly in its first blocks: every patch takes
 * up the mean of the picture, and the words are then learned from that mean. On small towers and short runs this is what keeps patches
 * from lining up with text (figures: `docs/decisions/0006`).
 *
 * @see "Mimetic Initialization of Self-Attention Layers", Trockman, Kolter 2023 (arXiv 2305.09828), which starts `W_q W_k^T` near the
 *   identity; positions: "Better plain ViT baselines", Beyer et al. 2022 (arXiv 2205.01580), here with an amplitude and shorter waves
 */
export const localInitialization: InitializationRule = [
  ['position', sinusoidalGrid],
  ['blocks.*.attn.qkv.kernel', tiedQueriesAndKeys],
];

/** `[rows, columns, width]`: half of the channels for the row, half for the column, of these half sines, half cosines. */
function sinusoidalGrid([rows, columns, width]: Parameters<Initializer>[0]): Float32Array {
  const waves = width / 4;
  const values = new Float32Array(rows * columns * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (row * columns + column) * width;
      for (let wave = 0; wave < waves; wave++) {
        const frequency = (Math.PI / 2) * LONGEST_WAVE ** (-wave / waves);
        const parts = [
          Math.sin(frequency * row),
          Math.cos(frequency * row),
          Math.sin(frequency * column),
          Math.cos(frequency * column),
        ];
        for (const [part, value] of parts.entries()) values[at + part * waves + wave] = POSITION_AMPLITUDE * value;
      }
    }
  }
  return values;
}

/** `[D, 3D]`: queries and keys the same. */
function tiedQueriesAndKeys(shape: Parameters<Initializer>[0], rng: Parameters<Initializer>[1]): Float32Array {
  const [width, packed] = shape;
  const values = xavierUniform()(shape, rng);
  const queries = xavierUniform()([width, width], rng.fork('queries'));
  for (let row = 0; row < width; row++) {
    for (let column = 0; column < width; column++) {
      const query = ATTENTION_GAIN * queries[row * width + column];
      values[row * packed + column] = query;
      values[row * packed + width + column] = query;
    }
  }
  return values;
}
