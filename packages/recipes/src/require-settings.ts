import { VitrailError } from '@vitrail/core';
import { requireViewSpec } from '@vitrail/data';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import type {
  DualEncoderConfiguration,
  ImageConfiguration,
  RunConfiguration,
  TrainSection,
  ViewsSection,
} from './configuration.ts';

/** Throws `invalid-argument` naming the first of the settings that recipes with both towers of TIPS share that cannot be. */
export function requireSettings(config: DualEncoderConfiguration): void {
  const { captions, image, loss, text } = config;
  requireImageSettings(config);
  requireWhole('text.maxTokens', text.maxTokens, 1);
  requireWhole('text.vocabularySize', text.vocabularySize, 257);
  requireTower('text', text, image.width, 'image');
  if (image.width % 2 !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `image.width is even (half of the text tower's positions are sines, half cosines), but ${image.width} came`,
    );
  }
  if (captions.streams.length !== image.clsTokens) {
    throw new VitrailError(
      'invalid-argument',
      `captions.streams needs one list of granularities per CLS token: image.clsTokens is ${image.clsTokens}, but ${captions.streams.length} streams came`,
    );
  }
  const empty = captions.streams.findIndex((granularities) => granularities.length === 0);
  if (empty !== -1) {
    throw new VitrailError(
      'invalid-argument',
      `captions.streams: every stream names a granularity (alt, short, long, ...), but stream ${empty} names none`,
    );
  }
  requireRange('loss.minimumTemperature', loss.minimumTemperature, 1e-4, 1);
  requireRange('loss.temperature', loss.temperature, loss.minimumTemperature, 1);
}

/** Throws `invalid-argument` naming the first of the settings that recipes with the image tower of TIPS share that cannot be. */
export function requireImageSettings(config: ImageConfiguration): void {
  const { image } = config;
  requireChoice('image.initialization', image.initialization, ['tips', 'local']);
  requireChoice('image.mlp', image.mlp, ['gelu', 'gelu-tanh', 'swiglu']);
  requireWhole('image.width', image.width, 2);
  requireTower('image', image, image.width);
  if (image.initialization === 'local') requirePositions('image', image.width);
  requireWhole('image.positionGrid', image.positionGrid, 1);
  requireWhole('image.clsTokens', image.clsTokens, 1);
  requireRun(config, image.patchSize);
}

/** Throws `invalid-argument` naming the first of the settings of crops and of the run that cannot be. */
export function requireRun({ views, train }: RunConfiguration, patchSize: number): void {
  requireWhole('image.patchSize', patchSize, 1);
  requireViews(views, patchSize);
  requireTrain(train);
}

/** Throws `invalid-argument` unless the setting at `path` is a number above 0. */
export function requirePositive(path: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new VitrailError('invalid-argument', `${path} is a number above 0, but ${value} came`);
}

/** Throws `invalid-argument` unless positions of this width can start as sines and cosines of two dimensions, as `image.initialization` local has them. */
export function requirePositions(section: string, width: number): void {
  if (width % 4 === 0) return;
  throw new VitrailError(
    'invalid-argument',
    `${section}.width is a multiple of 4 with image.initialization "local", but ${width} came`,
  );
}

/** Throws `invalid-argument` naming the first of the sizes of a tower's blocks that cannot be; `section` is that of its settings. */
export function requireTower(
  section: string,
  { depth, heads, mlpHidden }: { depth: number; heads: number; mlpHidden: number },
  width: number,
  sectionOfWidth = section,
): void {
  requireWhole(`${section}.depth`, depth, 1);
  requireWhole(`${section}.mlpHidden`, mlpHidden, 1);
  requireWhole(`${section}.heads`, heads, 1);
  if (width % heads === 0) return;
  throw new VitrailError(
    'invalid-argument',
    `${section}.heads must divide ${sectionOfWidth}.width, but ${width} is not a multiple of ${heads}`,
  );
}

function requireViews(views: ViewsSection, patchSize: number): void {
  requireViewSpec(views);
  for (const name of views.localCrops > 0 ? (['globalSize', 'localSize'] as const) : (['globalSize'] as const)) {
    const size = views[name];
    if (size % patchSize !== 0) {
      const below = Math.max(1, Math.floor(size / patchSize)) * patchSize;
      throw new VitrailError(
        'invalid-argument',
        `views.${name} must be a multiple of image.patchSize (${patchSize}), but it is ${size}; ${below} or ${below + patchSize} would do`,
      );
    }
  }
}

function requireTrain(train: TrainSection): void {
  const { seed, remat: _, ...counts } = train;
  requireWhole('train.seed', seed, 0);
  for (const [name, count] of Object.entries(counts)) requireWhole(`train.${name}`, count, 1);
}
