import { VitrailError } from '@vitrail/core';
import { type ImagePreparation, type OpenClipPreprocess, openClipPreparation } from '@vitrail/data';
import { type ConfigFields, readChoice, readNumber } from './config-fields.ts';

/**
 * How a model of timm wants pictures at evaluation: `pretrained_cfg` of its `config.json`, with the defaults of EVA where it
 * says nothing.
 *
 * @throws `invalid-argument` for `crop_mode: 'border'`, and for `squash` with a margin that is cut off, which no published
 *   model of EVA uses
 * @see timm, `data/transforms_factory.py` (transforms_imagenet_eval); defaults: `models/eva.py` (_cfg)
 * @example timmPreparation({ crop_pct: 0.9 }, 224).resize // { kind: 'shortest-side', size: 248, crop: 224, rounding:
 *   'half-even' }
 */
export function timmPreparation(pretrained: ConfigFields, imageSize: number): ImagePreparation {
  const { mean, std, interpolation } = pretrained as Pick<OpenClipPreprocess, 'mean' | 'std' | 'interpolation'>;
  const mode = readChoice(pretrained, 'crop_mode', ['center', 'squash']);
  const size = Math.floor(imageSize / readNumber(pretrained, 'crop_pct', 0.9));
  const statistics = { mean, std, interpolation, image_size: imageSize };
  if (mode === 'squash' && size !== imageSize) {
    throw new VitrailError(
      'invalid-argument',
      `config.json: crop_mode is "squash" with crop_pct ${pretrained.crop_pct}, but only squashed pictures of which nothing is cut off are supported`,
    );
  }
  if (mode === 'squash') return openClipPreparation({ ...statistics, resize_mode: 'squash' });
  const resize = { kind: 'shortest-side', size, crop: imageSize, rounding: 'half-even' } as const;
  return { ...openClipPreparation(statistics), resize };
}
