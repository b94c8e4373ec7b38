import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { pixelStatistics } from './image-preparation.ts';
import { openClipPreparation } from './open-clip-preparation.ts';
import { parsePreprocessorConfig } from './preprocessor-config.ts';

describe('parsePreprocessorConfig', () => {
  it('reads the file of openai/clip-vit-base-patch32, older than the names of today', () => {
    const parsed = parsePreprocessorConfig({
      crop_size: 224,
      do_center_crop: true,
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'CLIPFeatureExtractor',
      image_mean: [0.48145466, 0.4578275, 0.40821073],
      image_std: [0.26862954, 0.26130258, 0.27577711],
      resample: 3,
      size: 224,
    });
    expect(parsed).toEqual({
      resize: { kind: 'shortest-side', size: 224, crop: 224, rounding: 'down' },
      filter: 'bicubic',
      arithmetic: '8-bit',
      ...pixelStatistics.openai,
    });
  });

  it('reads the file of facebook/dinov2-base', () => {
    const parsed = parsePreprocessorConfig({
      crop_size: { height: 224, width: 224 },
      do_center_crop: true,
      do_convert_rgb: true,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: [0.485, 0.456, 0.406],
      image_processor_type: 'BitImageProcessor',
      image_std: [0.229, 0.224, 0.225],
      resample: 3,
      rescale_factor: 0.00392156862745098,
      size: { shortest_edge: 256 },
    });
    expect(parsed).toEqual({
      resize: { kind: 'shortest-side', size: 256, crop: 224, rounding: 'down' },
      filter: 'bicubic',
      arithmetic: '8-bit',
      ...pixelStatistics.imagenet,
    });
  });

  it.each([
    ['SiglipImageProcessor', 224, 'bicubic', '8-bit', pixelStatistics.half],
    ['Tipsv2ImageProcessor', 448, 'bilinear', '8-bit', pixelStatistics.none],
    ['DINOv3ViTImageProcessorFast', 224, 'bilinear', 'float', pixelStatistics.imagenet],
  ] as const)('knows what %s does where the file says nothing or null', (type, size, filter, arithmetic, statistics) => {
    const expected = { resize: { kind: 'square', size }, filter, arithmetic, ...statistics };
    expect(parsePreprocessorConfig({ image_processor_type: type })).toEqual(expected);
    const empty = { image_processor_type: type, size: null, crop_size: null, resample: null, do_center_crop: null, do_pad: null };
    expect(parsePreprocessorConfig({ image_processor: { ...empty, image_mean: null } })).toEqual(expected);
  });

  it('reads other sizes, filters and statistics of SigLIP, and leaves the pixels alone where nothing is normalised', () => {
    const siglip = { image_processor_type: 'SiglipImageProcessorFast', size: { height: 384, width: 384 }, resample: 2 };
    expect(parsePreprocessorConfig({ ...siglip, image_mean: 0.25 })).toMatchObject({
      resize: { kind: 'square', size: 384 },
      filter: 'bilinear',
      mean: [0.25, 0.25, 0.25],
    });
    expect(parsePreprocessorConfig({ ...siglip, do_normalize: false })).toMatchObject(pixelStatistics.none);
  });

  it.each([
    [{ image_processor_type: 'ClipImageProcesor' }, 'unknown-name', /did you mean CLIPImageProcessor\?/],
    [{ size: 224 }, 'unknown-name', /does not say its image_processor_type/],
    [[], 'corrupt-data', /is an object/],
    [
      { image_processor_type: 'CLIPImageProcessor', resample: 1 },
      'invalid-argument',
      /resample .* 2 \(bilinear\) or 3 .* but 1 came/,
    ],
    [{ image_processor_type: 'CLIPImageProcessor', do_center_crop: false }, 'invalid-argument', /do_center_crop/],
    [{ image_processor_type: 'CLIPImageProcessor', do_resize: false }, 'invalid-argument', /do_resize .* true, but false/],
    [
      { image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: 224, longest_edge: 448 } },
      'invalid-argument',
      /: size /,
    ],
    [{ image_processor_type: 'CLIPImageProcessor', crop_size: { height: 224, width: 200 } }, 'invalid-argument', /crop_size/],
    [{ image_processor_type: 'SiglipImageProcessor', size: { height: 224, width: 112 } }, 'invalid-argument', /: size /],
    [{ image_processor_type: 'SiglipImageProcessor', size: 224 }, 'invalid-argument', /do_center_crop/],
    [{ image_processor_type: 'SiglipImageProcessor', rescale_factor: 1 }, 'invalid-argument', /rescale_factor .* 1 \/ 255/],
    [{ image_processor_type: 'SiglipImageProcessor', image_std: [1, 2] }, 'invalid-argument', /image_std/],
  ] as const)('refuses %j', async (json, code, message) => {
    await expectError(() => parsePreprocessorConfig(json), code, message);
  });
});

describe('openClipPreparation', () => {
  it('reads preprocess_cfg of ViT-B-32, of ViT-B-16-SigLIP and of MobileCLIP', () => {
    expect(openClipPreparation({ image_size: 224 })).toEqual({
      resize: { kind: 'shortest-side', size: 224, crop: 224, rounding: 'half-even' },
      filter: 'bicubic',
      arithmetic: '8-bit',
      ...pixelStatistics.openai,
    });
    const siglip = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: 'bicubic', resize_mode: 'squash' };
    expect(openClipPreparation({ ...siglip, image_size: [384, 384] })).toMatchObject({
      resize: { kind: 'square', size: 384 },
      ...pixelStatistics.half,
    });
    const mobile = { mean: [0, 0, 0], std: [1, 1, 1], interpolation: 'bilinear', resize_mode: 'shortest' };
    expect(openClipPreparation({ ...mobile, image_size: 256 })).toMatchObject({ filter: 'bilinear', ...pixelStatistics.none });
  });

  it.each([
    [{ image_size: 224, resize_mode: 'longest' }, /resize_mode .* "longest" came/],
    [{ image_size: 224, interpolation: 'nearest' }, /interpolation .* "nearest" came/],
    [{ image_size: [224, 112] }, /image_size .* \[224,112\] came/],
  ] as const)('refuses %j', async (preprocess, message) => {
    await expectError(() => openClipPreparation(preprocess as never), 'invalid-argument', message);
  });
});
