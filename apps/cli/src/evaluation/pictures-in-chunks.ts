import { prepareImage, type Sample, type SampleSource } from '@vitrail/data';

/** Pictures `first .. first + samples.length - 1` of a source, as the model takes them. */
export type PictureChunk = {
  first: number;
  samples: readonly Sample[];
  /** `[samples, size, size, 3]` in [0, 1]. */
  pixels: Float32Array;
};

/** The first `count` pictures of a source, resized to squares of `size` pixels, a few at a time. */
export async function* picturesInChunks(
  source: SampleSource,
  count: number,
  size: number,
  chunk = 32,
): AsyncGenerator<PictureChunk> {
  for (let first = 0; first < count; first += chunk) {
    const indices = Array.from({ length: Math.min(chunk, count - first) }, (_, i) => first + i);
    const samples = await Promise.all(indices.map((index) => source.read(index)));
    const length = size * size * 3;
    const pixels = new Float32Array(samples.length * length);
    samples.forEach((sample, i) => {
      pixels.set(prepareImage(sample.image, size), i * length);
    });
    yield { first, samples, pixels };
  }
}
