import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@vitrail/checkpoints';
import { createRng, disposeTree } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { evaOpenClip } from '../src/families/eva-open-clip.ts';
import { evaTimm } from '../src/families/eva-timm.ts';
import { uta } from '../src/families/uta.ts';
import { loadParameters } from '../src/index.ts';
import { compareWithReference, readForm } from './compare-with-reference.ts';

compareWithReference({ family: uta, form: 'uta', files: ['model.pt'] });
compareWithReference({ family: uta, form: 'eva02-clip', files: ['model.pt'] });
compareWithReference({ family: uta, form: 'eva01-clip', files: ['model.pt'] });
compareWithReference({ family: evaTimm, form: 'eva02-timm' });
compareWithReference({ family: evaTimm, form: 'eva02-timm-ti' });
compareWithReference({ family: evaOpenClip, form: 'eva02-open-clip', files: ['open_clip_model.safetensors'] });
compareWithReference({ family: evaOpenClip, form: 'eva01-open-clip', files: ['open_clip_model.safetensors'] });

it('takes larger pictures, learned and rotary positions brought to their grid', async () => {
  const { file, config, expected } = await readForm({ family: uta, form: 'uta', files: ['model.pt'] });
  const fresh = () => uta.init(config, createRng(0));
  const model = { shapes: uta.shapes(config), naming: uta.naming(config), ignored: uta.ignored, fresh };
  const { params } = await loadParameters(file, model);
  tidy(() => {
    const { values, shape } = expected['input.larger'];
    const { cls } = uta
      .encoders(config, params)
      .image.encode(tensor4d(values as Float32Array, shape as [number, number, number, number]));
    expectClose(cls, expected.larger.values as Float32Array, 1e-5);
  });
  disposeTree(params);
});

const families = [uta, evaTimm, evaOpenClip];

describe('what is recognised', () => {
  const forms = [
    { family: uta, form: 'uta', files: ['model.pt'] },
    { family: evaTimm, form: 'eva02-timm' },
    { family: evaOpenClip, form: 'eva02-open-clip', files: ['open_clip_model.safetensors'] },
  ] as const;

  it.each(forms)('$form by one family alone', async (form) => {
    const { header } = await readForm<unknown>(form);
    expect(families.filter(({ recognise }) => recognise(header) !== undefined)).toEqual([form.family]);
  });

  it('has the heads of the published towers', () => {
    const heads = (width: number) => evaTimm.recognise(timm({ width }))?.layout.tower.heads;
    expect([192, 384, 768, 1024, 1408].map(heads)).toEqual([3, 6, 12, 16, 16]);
    const configured = (count: unknown) => () =>
      evaTimm.recognise({ ...timm({ width: 768 }), config: { model_args: { num_heads: count } } });
    expect(configured(8)()?.layout.tower.heads).toBe(8);
    expect(configured(7)).toThrow('num_heads divides the width of the tokens, which is 768, but 7 came');
    expect(configured('8')).toThrow('num_heads is a number, but "8" came');
    expect(() => heads(800)).toThrow('of width 800, of which it is not known how many heads it has');
  });

  it('refuses relatives of EVA, saying what about them', () => {
    const refusal = (name: string) => () => evaTimm.recognise(timm({ width: 64, besides: [name] }));
    expect(refusal('blocks.0.attn.q_norm.weight')).toThrow('norms of queries and keys (q_norm) is not supported');
    expect(refusal('blocks.1.gamma_1')).toThrow('LayerScale');
    expect(refusal('reg_token')).toThrow('registers');
    expect(() => evaTimm.recognise(timm({ width: 1792 }))).toThrow('EVA-02-CLIP-E, whose norms stand behind attention and MLP');
  });

  it('leaves a plain ViT and BEiT alone', () => {
    const { 'blocks.0.attn.q_bias': _, ...plain } = timm({ width: 64 }).tensors;
    expect(evaTimm.recognise({ tensors: plain, metadata: {} })).toBeUndefined();
    const { pos_embed: __, ...beit } = timm({ width: 64 }).tensors;
    expect(evaTimm.recognise({ tensors: beit, metadata: {} })).toBeUndefined();
  });
});

describe('pictures', () => {
  it("are prepared as timm's configuration says", async () => {
    const { config } = await readForm({ family: evaTimm, form: 'eva02-timm' });
    expect(evaTimm.preparation(config).resize).toEqual({ kind: 'shortest-side', size: 17, crop: 16, rounding: 'half-even' });
    const squashed = await readForm({ family: evaTimm, form: 'eva02-timm-ti' });
    expect(evaTimm.preparation(squashed.config).resize).toEqual({ kind: 'square', size: 24 });
    const cut = { pretrained_cfg: { crop_mode: 'squash', crop_pct: 0.5 } };
    expect(() => evaTimm.recognise({ ...timm({ width: 64 }), config: cut })).toThrow('of which nothing is cut off');
  });

  it('are prepared as for CLIP, at the size that the positions are for', async () => {
    const { config } = await readForm({ family: uta, form: 'uta', files: ['model.pt'] });
    const { resize, mean } = uta.preparation(config);
    expect([resize.size, mean[0]]).toEqual([16, 0.48145466]);
  });
});

/** What is looked at of a fused tower of one block without a classifier. */
function timm({ width, besides = [] }: { width: number; besides?: string[] }) {
  const shapes: Record<string, number[]> = {
    cls_token: [1, 1, width],
    pos_embed: [1, 5, width],
    'patch_embed.proj.weight': [width, 3, 2, 2],
    'blocks.0.norm1.weight': [width],
    'blocks.0.attn.qkv.weight': [3 * width, width],
    'blocks.0.attn.q_bias': [width],
    'blocks.0.mlp.fc1.weight': [128, width],
    'blocks.0.mlp.fc2.weight': [width, 64],
    'fc_norm.weight': [width],
  };
  for (const name of besides) shapes[name] = [width];
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]): [string, TensorInfo] => [name, { dtype: 'F32', shape }]),
  );
  return { tensors, metadata: {} };
}
