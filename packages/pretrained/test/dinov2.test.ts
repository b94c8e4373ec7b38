import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { concat, tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, disposeTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { applyDinov2, type Dinov2Config, type Dinov2Params } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { dinov2 } from '../src/families/dinov2.ts';
import { dinov2Official } from '../src/families/dinov2-official.ts';
import type { ModelFamily } from '../src/family.ts';
import { loadParameters } from '../src/index.ts';
import { compareWithReference, type Form, readForm } from './compare-with-reference.ts';

const forms = [
  { family: dinov2, form: 'dinov2' },
  { family: dinov2, form: 'dinov2-with-registers' },
  { family: dinov2Official, form: 'dinov2-official', files: ['model.pth'] },
  { family: dinov2Official, form: 'dinov2-official-registers', files: ['model.pth'] },
] as const;

compareWithReference(forms[0]);
compareWithReference(forms[1]);
compareWithReference(forms[2]);
compareWithReference(forms[3]);

async function loadTower<Config extends { readonly tower: Dinov2Config }>(form: Form<Config>) {
  const { file, config, expected } = await readForm(form);
  const family: ModelFamily<Config> = form.family;
  const fresh = () => family.init(config, createRng(0));
  const model = { shapes: family.shapes(config), naming: family.naming(config), ignored: family.ignored, fresh };
  const { params } = await loadParameters(file, model);
  const input = (name: string) => tensor(expected[name].values as Float32Array, [...expected[name].shape]);
  return { tower: config.tower, params: params as unknown as Dinov2Params, tree: params, expected, input };
}

const values = (x: { readonly values: unknown }) => x.values as Float32Array;

describe.each(forms)('$form', (form) => {
  onBackend(['cpu', 'wasm'], () => {
    it('puts registers, mask token and resized positions where the reference has them', async () => {
      const { tower, params, tree, expected, input } = await loadTower(form as Form<{ readonly tower: Dinov2Config }>);
      tidy(() => {
        const pixels = input('input.pixels') as Tensor4D;
        const clean = applyDinov2(tower, params, pixels, { blocks: [0] });
        expect(clean.registers.shape).toEqual([2, tower.registers, tower.width]);
        if (tower.registers > 0) expectClose(clean.registers, values(expected['image.registers']), 1e-4);
        if ('blocks.0' in expected) expectClose(clean.blocks[0], values(expected['blocks.0']), 1e-4);
        const { cls, registers, patches } = applyDinov2(tower, params, pixels, { mask: input('input.mask') as Tensor2D });
        const all = tower.registers > 0 ? [cls, registers, patches] : [cls, patches];
        expectClose(concat(all, 1), values(expected.masked), 1e-4);
        const wide = applyDinov2(tower, params, input('input.wide') as Tensor4D);
        expect(wide.grid).toEqual({ rows: 2, columns: 7 });
        expectClose(wide.cls, values(expected['wide.cls']), 1e-4);
        expectClose(wide.patches, values(expected['wide.patches']), 1e-4);
      });
      disposeTree(tree);
    });
  });
});

describe('what is recognised', () => {
  const config = { model_type: 'dinov2', hidden_size: 384, num_attention_heads: 6, image_size: 518 };
  const header = { tensors: {}, metadata: {} };

  it('takes what a configuration leaves out for what transformers takes', () => {
    expect(dinov2.recognise({ ...header, config })?.tower).toEqual({
      imageSize: 518,
      patchSize: 14,
      width: 384,
      depth: 12,
      heads: 6,
      mlp: { kind: 'gelu', hidden: 1536 },
      registers: 0,
      layerScale: 1,
      maskToken: true,
      resizing: 'plain',
    });
    // facebook/dinov2-giant: width 1536, nominal 6144.
    const giant = { ...config, hidden_size: 1536, num_attention_heads: 24, use_swiglu_ffn: true };
    expect(dinov2.recognise({ ...header, config: giant })?.tower.mlp).toEqual({ kind: 'swiglu', hidden: 4096 });
  });

  it('refuses what would be computed otherwise', () => {
    const recognise = (fields: object) => () => dinov2.recognise({ ...header, config: { ...config, ...fields } });
    expect(recognise({ hidden_act: 'relu' })).toThrow('hidden_act is "relu", but models of this kind are supported with "gelu"');
    expect(recognise({ qkv_bias: false })).toThrow('qkv_bias is false');
    expect(recognise({ num_attention_heads: 7 })).toThrow('num_attention_heads divides the width of the tokens, which is 384');
    expect(recognise({ image_size: [224, 448] })).toThrow('only squares are supported');
  });

  it('leaves files of others alone: other model types, and TIPS, which has the same names and one register', () => {
    expect(dinov2.recognise({ ...header, config: { model_type: 'clip' } })).toBeUndefined();
    expect(dinov2.recognise(header)).toBeUndefined();
    const shapes = {
      mask_token: [1, 64],
      pos_embed: [1, 17, 64],
      'patch_embed.proj.weight': [64, 3, 4, 4],
      'blocks.0.ls1.gamma': [64],
    };
    const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { dtype: 'F32', shape } as const]));
    const withRegisters = (count: number) => ({ ...tensors, register_tokens: { dtype: 'F32', shape: [1, count, 64] } as const });
    expect(dinov2Official.recognise({ ...header, tensors })?.tower.imageSize).toBe(16);
    expect(dinov2Official.recognise({ ...header, tensors: withRegisters(4) })?.tower.registers).toBe(4);
    expect(dinov2Official.recognise({ ...header, tensors: withRegisters(1) })).toBeUndefined();
    expect(dinov2Official.recognise({ ...header, tensors, config })).toBeUndefined();
  });
});
