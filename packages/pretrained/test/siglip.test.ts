import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { add, exp, mul, reshape, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { createRng, disposeTree } from '@vitrail/core';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { expectClose, onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { siglip } from '../src/families/siglip.ts';
import { siglipBigVision } from '../src/families/siglip-big-vision.ts';
import { siglipOpenClip } from '../src/families/siglip-open-clip.ts';
import { loadParameters } from '../src/index.ts';
import { compareWithReference, readForm } from './compare-with-reference.ts';

compareWithReference({ family: siglip, form: 'siglip' });
compareWithReference({ family: siglip, form: 'siglip-vision' });
compareWithReference({ family: siglipOpenClip, form: 'siglip-open-clip', files: ['open_clip_model.safetensors'] });
compareWithReference({ family: siglipBigVision, form: 'siglip-big-vision', files: ['model.npz'] });

onBackend(['cpu', 'wasm'], () => {
  it('resizes positions, and has scale and bias of the loss, as transformers', async () => {
    const { file, config, expected } = await readForm({ family: siglip, form: 'siglip' });
    const model = {
      shapes: siglip.shapes(config),
      naming: siglip.naming(config),
      ignored: siglip.ignored,
      fresh: () => siglip.init(config, createRng(0)),
    };
    const { params } = await loadParameters(file, model);
    const { image, text } = siglip.encoders(config, params);
    const values = (name: string) => expected[name].values as Float32Array;
    tidy(() => {
      const input = (name: string) => tensor(values(`input.${name}`), [...expected[`input.${name}`].shape]);
      const wide = image.encode(input('wide') as Tensor4D);
      expectClose(wide.cls, values('wide.cls'), 1e-4);
      expectClose(wide.patches, values('wide.patches'), 1e-4);
      const cls = l2Normalize(image.encode(input('pixels') as Tensor4D).cls);
      const ids = tensor(Array.from(values('input.ids')), [3, 8], 'int32') as Tensor2D;
      const texts = l2Normalize(text?.encode(ids, input('padding') as Tensor2D) as Tensor2D) as Tensor2D;
      const cosines = matrixProduct(reshape(cls, [2, 24]) as Tensor2D, transpose(texts));
      const { logitScale, logitBias } = params as unknown as Record<string, Tensor2D>;
      expectClose(add(mul(cosines, exp(logitScale)), logitBias), values('logits'), 1e-4);
    });
    disposeTree(params);
  });
});

describe('what is recognised', () => {
  const header = { tensors: { 'text_model.head.weight': { dtype: 'F32', shape: [1] } }, metadata: {} } as const;
  const config = { model_type: 'siglip', text_config: { vocab_size: 256000 }, vision_config: { image_size: 256 } };

  it('takes what a configuration leaves out for what transformers takes: google/siglip2-base-patch16-256', () => {
    expect(siglip.recognise({ ...header, config })).toEqual({
      image: { imageSize: 256, patchSize: 16, width: 768, depth: 12, heads: 12, mlp: { kind: 'gelu-tanh', hidden: 3072 } },
      text: {
        depth: 12,
        heads: 12,
        width: 768,
        mlp: { kind: 'gelu-tanh', hidden: 3072 },
        maxTokens: 64,
        vocabularySize: 256000,
        embedding: 768,
      },
      visionPrefix: 'vision_model.',
    });
    // A classifier of images has no text tower in its weights.
    expect(siglip.recognise({ ...header, tensors: {}, config })).not.toHaveProperty('text');
  });

  it('refuses NaFlex, text towers alone and towers without a pooling head', () => {
    const recognise = (fields: object) => () => siglip.recognise({ ...header, config: { ...config, ...fields } });
    expect(recognise({ model_type: 'siglip2' })).toThrow(/NaFlex.*Supported are SiglipModel and SiglipVisionModel/);
    expect(recognise({ model_type: 'siglip2_vision_model' })).toThrow('NaFlex');
    expect(recognise({ model_type: 'siglip_text_model' })).toThrow('a text tower alone (siglip_text_model), and models here');
    expect(recognise({ vision_config: { num_attention_heads: 7 } })).toThrow('num_attention_heads divides the width');
    expect(recognise({ text_config: { num_attention_heads: 7 } })).toThrow('num_attention_heads divides the width');
    expect(recognise({ vision_config: { vision_use_head: false } })).toThrow('no pooling head');
    expect(recognise({ vision_config: { hidden_act: 'quick_gelu' } })).toThrow('hidden_act is "quick_gelu"');
    expect(siglip.recognise({ ...header, config: { model_type: 'clip' } })).toBeUndefined();
    expect(siglip.recognise(header)).toBeUndefined();
  });

  it('tells the activation of a tower of timm from its name, and refuses what it does not know', async () => {
    const files = ['open_clip_model.safetensors'];
    const { header } = await readForm({ family: siglipOpenClip, form: 'siglip-open-clip', files });
    const model = (header.config as { model_cfg: { vision_cfg: object } }).model_cfg;
    const named = (name: string, more: object = {}, width = 48) =>
      siglipOpenClip.recognise({
        ...header,
        tensors: { ...header.tensors, 'visual.trunk.patch_embed.proj.weight': { dtype: 'F32', shape: [width, 3, 4, 4] } },
        config: { model_cfg: { ...model, vision_cfg: { ...model.vision_cfg, timm_model_name: name, ...more } } },
      });
    expect(named('vit_so400m_patch14_siglip_384')?.image).toMatchObject({ heads: 16, mlp: { kind: 'gelu' } });
    expect(named('vit_so400m_patch16_siglip_384')?.image).toMatchObject({ heads: 16, mlp: { kind: 'gelu-tanh' } });
    expect(() => named('vit_base_patch16_siglip_gap_224')).toThrow('vit_base_patch16_siglip_gap_224 is not supported');
    expect(() => named('vit_base_patch16_siglip_224', { timm_pool: 'avg' })).toThrow('timm_pool is "avg"');
    expect(() => named('vit_large_patch16_siglip_256', {}, 24)).toThrow('whose towers have 16 heads, but tokens have 24 numbers');
    expect(named('vit_base_patch16_clip_224')).toBeUndefined();
    expect(siglip.recognise(header)).toBeUndefined();
  });

  it('refuses checkpoints of big_vision whose blocks are stacked', () => {
    const info = { dtype: 'F32', shape: [1] } as const;
    const tensors = { 'params/img/MAPHead_0/probe': info, 'params/img/Transformer/encoderblock/LayerNorm_0/scale': info };
    expect(() => siglipBigVision.recognise({ tensors, metadata: {} })).toThrow('stacked (scan=True)');
    expect(siglipBigVision.recognise({ ...header })).toBeUndefined();
  });
});
