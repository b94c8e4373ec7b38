import { type ImagePreparation, pixelStatistics } from './image-preparation.ts';
import { readPerChannel, readSquareSize, unsupported } from './preparation-fields.ts';

/** `preprocess_cfg` of an `open_clip_config.json`, with the model's `image_size` (`model_cfg.vision_cfg.image_size`). */
export type OpenClipPreprocess = {
  readonly image_size: number | readonly [height: number, width: number];
  /** OpenAI's by default, as the deviation. */
  readonly mean?: number | readonly number[];
  readonly std?: number | readonly number[];
  /** `bicubic` by default and for `random`, or `bilinear`. */
  readonly interpolation?: string;
  /** `shortest` by default, or `squash`. */
  readonly resize_mode?: string;
};

/**
 * How a model of open_clip wants pictures.
 *
 * Deviation: open_clip resizes pictures in their own mode and converts them to RGB afterwards, so that palettes are resized to the nearest pixel; here,
 * as in its data loaders, they are RGB before.
 *
 * @throws `invalid-argument` for what is not supported: `resize_mode: 'longest'`, which no published model uses, and sizes that are no squares
 * @see open_clip, transform.py (image_transform)
 * @example openClipPreparation({ image_size: 224 }).resize // { kind: 'shortest-side', size: 224, crop: 224, rounding: 'half-even' }
 */
export function openClipPreparation(preprocess: OpenClipPreprocess): ImagePreparation {
  const { mean, std, interpolation, resize_mode: mode } = preprocess;
  const size = readSquareSize(preprocess.image_size, 'image_size');
  if (!['bicubic', 'random', 'bilinear'].includes(interpolation ?? 'bicubic')) {
    throw unsupported('interpolation', '"bicubic", "random" or "bilinear"', interpolation);
  }
  if (!['shortest', 'squash'].includes(mode ?? 'shortest')) throw unsupported('resize_mode', '"shortest" or "squash"', mode);
  return {
    resize: mode === 'squash' ? { kind: 'square', size } : { kind: 'shortest-side', size, crop: size, rounding: 'half-even' },
    filter: interpolation === 'bilinear' ? 'bilinear' : 'bicubic',
    arithmetic: '8-bit',
    mean: readPerChannel(mean ?? pixelStatistics.openai.mean, 'mean'),
    deviation: readPerChannel(std ?? pixelStatistics.openai.deviation, 'std'),
  };
}
