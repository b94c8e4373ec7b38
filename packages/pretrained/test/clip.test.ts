import { type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, disposeTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { clipTextPresets } from '@vitrail/text';
import { clipVitPresets } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { clip } from '../src/families/clip.ts';
import type { ClipModelConfig } from '../src/families/clip-towers.ts';
import { type OpenClipConfig, openClip } from '../src/families/open-clip.ts';
import { loadParameters, type ModelFamily, type ModelHeader, type Naming } from '../src/index.ts';
import { compareWithReference, type Form, readForm } from './compare-with-reference.ts';

compareWithReference({ family: clip, form: 'clip' });
compareWithReference({ family: clip, form: 'clip-with-position-ids' });
compareWithReference({ family: clip, form: 'clip-vision' });
compareWithReference({ family: clip, form: 'clip-vision-alone' });
compareWithReference({ family: openClip, form: 'open-clip', files: ['open_clip_model.safetensors'] });
compareWithReference({ family: openClip, form: 'open-clip-checkpoint', files: ['epoch_3.pt'] });
compareWithReference({ family: openClip, form: 'openai', files: ['ViT-tiny.pt'] });

describe.each([
  [{ family: clip, form: 'clip-vision' }, 'wide'],
  [{ family: clip, form: 'clip-vision-alone' }, 'wide'],
  [{ family: openClip, form: 'open-clip', files: ['open_clip_model.safetensors'] }, 'smaller'],
] as const)('$form', (form, view) => {
  onBackend(['cpu', 'wasm'], () => {
    it('takes pictures of another size, with positions resized as its library does', async () => {
      const { file, config, expected } = await readForm<ClipModelConfig>(form as Form<ClipModelConfig>);
      const family = form.family as ModelFamily<ClipModelConfig>;
      const fresh = () => family.init(config, createRng(0));
      const model = { shapes: family.shapes(config), naming: family.naming(config), ignored: family.ignored, fresh };
      const { params } = await loadParameters(file, model);
      const { shape, values } = expected[`input.${view}`];
      tidy(() => {
        const pixels: Tensor4D = tensor(values as Float32Array, [...shape] as [number, number, number, number]);
        const { cls, patches } = family.encoders(config, params).image.encode(pixels);
        expect(patches.shape).toEqual(expected[`${view}.patches`].shape);
        expectClose(cls, expected[`${view}.cls`].values as Float32Array, 1e-4);
        expectClose(patches, expected[`${view}.patches`].values as Float32Array, 1e-4);
      });
      disposeTree(params);
    });
  });
});

const headerOf = (naming: Naming, more: Readonly<Record<string, readonly number[]>> = {}): ModelHeader => {
  const shapes: Record<string, readonly number[]> = Object.assign(
    { ...more },
    ...Object.values(naming).map(({ tensors }) => tensors),
  );
  const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { dtype: 'F32' as const, shape }]));
  return { tensors, metadata: {} };
};

describe('a CLIP of transformers', () => {
  onBackend(['cpu', 'wasm'], () => {
    it.each(['value', 'value-only'] as const)('reads patches by their %s, as MaskCLIP does', async (readout) => {
      const { file, config, expected } = await readForm({ family: clip, form: 'clip' });
      const fresh = () => clip.init(config, createRng(0));
      const model = { shapes: clip.shapes(config), naming: clip.naming(config), ignored: clip.ignored, fresh };
      const { params } = await loadParameters(file, model);
      const { shape, values } = expected['input.pixels'];
      tidy(() => {
        const pixels: Tensor4D = tensor(values as Float32Array, [...shape] as [number, number, number, number]);
        const { patches } = clip.encoders(config, params).image.encode(pixels, readout);
        expect(patches.shape).toEqual(expected[`${readout}.patches`].shape);
        expectClose(patches, expected[`${readout}.patches`].values as Float32Array, 1e-4);
      });
      disposeTree(params);
    });
  });

  it('takes what a configuration leaves out for what transformers takes', () => {
    const recognised = clip.recognise({ config: { model_type: 'clip' }, tensors: {}, metadata: {} });
    expect(recognised).toEqual({
      image: { ...clipVitPresets['B/32'], mlpHidden: 3072, resizing: 'plain' },
      text: { ...clipTextPresets['B/32'], endId: 49407 },
      visionPrefix: 'vision_model.',
    });
  });

  it('says what is not supported about it', () => {
    const recognise = (config: Record<string, unknown>) => clip.recognise({ config, tensors: {}, metadata: {} });
    expect(() => recognise({ model_type: 'clip_text_model' })).toThrow(
      'a text tower alone (clip_text_model), and models here encode pictures: take the CLIPModel',
    );
    expect(() => recognise({ model_type: 'clip', text_config: { intermediate_size: 2000 } })).toThrow('2048, but it is 2000');
    expect(() => recognise({ model_type: 'clip', vision_config: { hidden_act: 'silu' } })).toThrow('"quick_gelu" or "gelu"');
    expect(() => recognise({ model_type: 'clip', vision_config: { num_attention_heads: 7 } })).toThrow(
      'config.json: num_attention_heads divides the width of the tokens, which is 768, but 7 came',
    );
    expect(() => recognise({ model_type: 'clip', text_config: { num_attention_heads: 7 } })).toThrow('which is 512, but 7 came');
    expect(recognise({ model_type: 'clipseg' })).toBeUndefined();
  });
});

describe('a CLIP of open_clip', () => {
  const none = { prefix: '', textPrefix: '', hasLogitBias: false, preprocess: {} };
  /** Of released models: width, depth and heads of both towers, and the vectors they share. */
  const released = [
    ['B/32', clipVitPresets['B/32'], clipTextPresets['B/32']],
    ['L/14', clipVitPresets['L/14'], clipTextPresets['L/14']],
    [
      'bigG/14',
      { ...clipVitPresets['L/14'], width: 1664, depth: 48, heads: 16, mlpHidden: 8192, embedding: 1280 },
      { ...clipTextPresets['L/14'], width: 1280, depth: 32, heads: 20, embedding: 1280 },
    ],
  ] as const;

  it.each(released)('is read from names and shapes alone: %s', (_, image, text) => {
    const activation = 'gelu';
    const config: OpenClipConfig = {
      ...none,
      image: { ...image, mlpHidden: 'mlpHidden' in image ? image.mlpHidden : 4 * image.width, activation },
      text: { ...text, activation },
    };
    expect(openClip.recognise(headerOf(openClip.naming(config)))).toEqual(config);
    // OpenAI's archives.
    const scalars = { input_resolution: [], context_length: [], vocab_size: [] };
    const quick = { image: { ...config.image, activation: 'quick-gelu' }, text: { ...config.text, activation: 'quick-gelu' } };
    expect(openClip.recognise(headerOf(openClip.naming(config), scalars))).toEqual({ ...config, ...quick });
  });

  it('prepares pictures as its configuration says', async () => {
    const { config } = await readForm({ family: openClip, form: 'open-clip', files: ['open_clip_model.safetensors'] });
    expect(openClip.preparation(config)).toMatchObject({
      resize: { kind: 'square', size: 16 },
      filter: 'bilinear',
      mean: [0.5, 0.4, 0.3],
      deviation: [0.2, 0.3, 0.4],
    });
  });

  it('is refused in words where it is none of these', () => {
    const header = headerOf(openClip.naming({ ...none, image: clipVitPresets['B/32'], text: clipTextPresets['B/32'] }));
    const withTensor = (name: string) => () =>
      openClip.recognise({ ...header, tensors: { ...header.tensors, [name]: { dtype: 'F32', shape: [1] } } });
    expect(withTensor('text_decoder.text_projection')).toThrow('this is CoCa');
    expect(withTensor('visual.attnpool.positional_embedding')).toThrow('this is a ResNet. Supported are plain ViTs');
    expect(withTensor('visual.trunk.stem.0.weight')).toThrow('this is a ConvNeXt');
    const configured = (vision: object, text: object) => () =>
      openClip.recognise({ ...header, config: { model_cfg: { vision_cfg: vision, text_cfg: text } } });
    expect(configured({ pool_type: 'avg' }, {})).toThrow('pool_type is "avg"');
    expect(configured({}, { no_causal_mask: true })).toThrow('no_causal_mask is true');
    expect(configured({}, { hf_model_name: 'roberta-base' })).toThrow('text_cfg has hf_model_name: "roberta-base"');
    expect(configured({ head_width: 100 }, {})).toThrow('head_width divides the width of the tokens, which is 768, but 100 came');
    expect(configured({}, { heads: 7 })).toThrow('heads divides the width of the tokens, which is 512, but 7 came');
    const { 'token_embedding.weight': _, ...withoutText } = header.tensors;
    expect(() => openClip.recognise({ ...header, tensors: withoutText })).toThrow('its text tower is not that of CLIP');
  });
});
