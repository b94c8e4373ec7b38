import { nearestName, VitrailError } from '@vitrail/core';
import { type ImagePreparation, type ImageResize, type PixelStatistics, pixelStatistics } from './image-preparation.ts';
import { readPerChannel, readSquareSize, unsupported } from './preparation-fields.ts';
import type { ResampleFilter } from './resample.ts';

/** What an image processor of transformers does where its file says nothing, and what it makes of a size that is a single number. */
type Processor = {
  readonly size: unknown;
  readonly singleSize: ImageResize['kind'];
  readonly crop?: number;
  readonly resample: number;
  readonly statistics: PixelStatistics;
  readonly arithmetic: ImagePreparation['arithmetic'];
};

const clip: Processor = {
  size: { shortest_edge: 224 },
  singleSize: 'shortest-side',
  crop: 224,
  resample: 3,
  statistics: pixelStatistics.openai,
  arithmetic: '8-bit',
};
const square = { size: { height: 224, width: 224 }, singleSize: 'square' } as const;

const processors: Readonly<Record<string, Processor>> = {
  CLIPImageProcessor: clip,
  BitImageProcessor: clip,
  SiglipImageProcessor: { ...clip, size: square.size, crop: undefined, statistics: pixelStatistics.half },
  Tipsv2ImageProcessor: {
    ...square,
    size: { height: 448, width: 448 },
    resample: 2,
    statistics: pixelStatistics.none,
    arithmetic: '8-bit',
  },
  // Divides by 255 before it resizes, so nothing is rounded.
  DINOv3ViTImageProcessor: { ...square, resample: 2, statistics: pixelStatistics.imagenet, arithmetic: 'float' },
};

const filters: Readonly<Record<number, ResampleFilter>> = { 2: 'bilinear', 3: 'bicubic' };

/**
 * How a `preprocessor_config.json` (or the `processor_config.json` around it) of transformers wants pictures: CLIPImageProcessor, SiglipImageProcessor,
 * BitImageProcessor (DINOv2), Tipsv2ImageProcessor and DINOv3ViTImageProcessor, also with `Fast` or `Pil` behind, and CLIPFeatureExtractor.
 *
 * What the file leaves out is as the class has it. Pictures are resized in 8 bits with Pillow's rounding, where transformers 5 resizes tensors by default:
 * the two are at most 1 of 255 levels apart.
 *
 * @param json the parsed file
 * @throws `corrupt-data` when it is no object; `unknown-name` for another processor; `invalid-argument` naming the field that cannot be followed: other
 *   filters, pictures that are not square in the end, padding, steps that are left out
 * @see transformers, models/<model>/image_processing_<model>.py, image_processing_backends.py
 * @example parsePreprocessorConfig({ image_processor_type: 'SiglipImageProcessor' }).filter // 'bicubic'
 */
export function parsePreprocessorConfig(json: unknown): ImagePreparation {
  const fields = processorFields(json);
  const processor = processorOf(fields.image_processor_type ?? fields.feature_extractor_type);
  for (const [field, expected] of [
    ['do_resize', true],
    ['do_rescale', true],
    ['do_pad', false],
  ] as const) {
    if ((fields[field] ?? expected) !== expected) throw unsupported(field, String(expected), fields[field]);
  }
  const factor = fields.rescale_factor ?? 1 / 255;
  if (!(typeof factor === 'number' && Math.abs(factor * 255 - 1) < 1e-6)) throw unsupported('rescale_factor', '1 / 255', factor);
  const resample = fields.resample ?? processor.resample;
  const filter = typeof resample === 'number' ? filters[resample] : undefined;
  if (filter === undefined) throw unsupported('resample', '2 (bilinear) or 3 (bicubic)', resample);
  return { resize: resizeOf(fields, processor), filter, arithmetic: processor.arithmetic, ...statisticsOf(fields, processor) };
}

type Fields = Readonly<Record<string, unknown>>;

function processorFields(json: unknown): Fields {
  if (!isObject(json)) throw new VitrailError('corrupt-data', 'a preprocessor_config.json is an object, but this is none');
  return isObject(json.image_processor) ? json.image_processor : json;
}

function processorOf(type: unknown): Processor {
  const name = String(type)
    .replace(/(Fast|Pil)$/, '')
    .replace(/FeatureExtractor$/, 'ImageProcessor');
  if (Object.hasOwn(processors, name)) return processors[name];
  const known = Object.keys(processors);
  const near = nearestName(name, known);
  throw new VitrailError(
    'unknown-name',
    type === undefined
      ? `the preprocessor configuration does not say its image_processor_type; known are ${known.join(', ')}`
      : `the image processor ${JSON.stringify(type)} is not known${near ? `; did you mean ${near}?` : ''}; known are ${known.join(', ')}`,
  );
}

function resizeOf(fields: Fields, processor: Processor): ImageResize {
  const size = fields.size ?? processor.size;
  const crops = fields.do_center_crop ?? processor.crop !== undefined;
  const shortest = isObject(size) ? size.shortest_edge : processor.singleSize === 'shortest-side' ? size : undefined;
  if (typeof shortest === 'number' && !(isObject(size) && size.longest_edge)) {
    if (crops !== true) {
      throw unsupported('do_center_crop', 'true where only the shortest side has a size', fields.do_center_crop);
    }
    const crop = readSquareSize(fields.crop_size ?? processor.crop, 'crop_size');
    return { kind: 'shortest-side', size: shortest, crop, rounding: 'down' };
  }
  const side = readSquareSize(size, 'size');
  if (crops === true && readSquareSize(fields.crop_size ?? processor.crop, 'crop_size') !== side) {
    throw unsupported('crop_size', `${side}, as the size of the square`, fields.crop_size ?? processor.crop);
  }
  return { kind: 'square', size: side };
}

function statisticsOf(fields: Fields, { statistics }: Processor): PixelStatistics {
  const normalises = fields.do_normalize ?? statistics !== pixelStatistics.none;
  if (normalises !== true) return pixelStatistics.none;
  return {
    mean: readPerChannel(fields.image_mean ?? statistics.mean, 'image_mean'),
    deviation: readPerChannel(fields.image_std ?? statistics.deviation, 'image_std'),
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
