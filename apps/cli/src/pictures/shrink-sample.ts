import { type LabelMap, resizeImage, type Sample } from '@vitrail/data';

/** The sample with its picture, and the label map that goes with it, not longer than `side` pixels. */
export function shrinkSample(sample: Sample, side: number): Sample {
  const { image, labels } = sample;
  const factor = side / Math.max(image.width, image.height);
  if (factor >= 1) return sample;
  const size = {
    width: Math.max(1, Math.round(factor * image.width)),
    height: Math.max(1, Math.round(factor * image.height)),
  };
  return { ...sample, image: resizeImage(image, size), ...(labels && { labels: nearest(labels, size) }) };
}

/** Classes cannot be mixed: every pixel takes that of the one at its centre. */
function nearest({ width, height, data }: LabelMap, size: { width: number; height: number }): LabelMap {
  const at = (i: number, from: number, to: number) => Math.floor(((i + 0.5) * from) / to);
  const shrunk = Uint8Array.from(
    { length: size.width * size.height },
    (_, i) => data[at(Math.floor(i / size.width), height, size.height) * width + at(i % size.width, width, size.width)],
  );
  return { ...size, data: shrunk };
}
