import { concat, type Tensor2D, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import type { TensorFile } from '@vitrail/checkpoints';
import { createRng, disposeTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { textPresets } from '@vitrail/text';
import { applyVit, type VitParams, vitPresets } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { dinov2Official } from '../src/families/dinov2-official.ts';
import { tipsPytorch } from '../src/families/tips-pytorch.ts';
import { tipsScenic } from '../src/families/tips-scenic.ts';
import type { TipsModelConfig } from '../src/families/tips-tower.ts';
import { tipsv2 } from '../src/families/tipsv2.ts';
import { loadParameters, type ModelFamily, type ModelHeader, type Naming } from '../src/index.ts';
import { compareWithReference, type Form, readForm } from './compare-with-reference.ts';

const both = ['vision.npz', 'text.npz'];
const forms: readonly Form<TipsModelConfig>[] = [
  { family: tipsScenic, form: 'tips-scenic', files: both },
  { family: tipsScenic, form: 'tips-scenic-gated', files: ['vision.npz'] },
  { family: tipsPytorch, form: 'tips-pytorch', files: both },
  { family: tipsPytorch, form: 'tips-pytorch-gated', files: ['vision.npz'] },
  { family: tipsv2 as ModelFamily<TipsModelConfig>, form: 'tipsv2' },
  { family: tipsv2 as ModelFamily<TipsModelConfig>, form: 'tipsv2-gated' },
  { family: tipsv2 as ModelFamily<TipsModelConfig>, form: 'tipsv2-vision' },
];

for (const form of forms) compareWithReference(form);

async function loadTower({ family }: Form<TipsModelConfig>, file: TensorFile, config: TipsModelConfig) {
  const fresh = () => family.init(config, createRng(0));
  const model = { shapes: family.shapes(config), naming: family.naming(config), ignored: family.ignored, fresh };
  return (await loadParameters(file, model)).params;
}

describe.each(forms)('$form', (form) => {
  onBackend(['cpu', 'wasm'], () => {
    it('puts the mask token and resized positions where the reference has them', async () => {
      const { file, config, expected } = await readForm(form);
      const params = await loadTower(form, file, config);
      const input = (name: string) =>
        tensor(expected[`input.${name}`].values as Float32Array, [...expected[`input.${name}`].shape]);
      tidy(() => {
        const image = params.image as unknown as VitParams;
        const wide = applyVit(config.vit, image, input('wide') as Tensor4D);
        expect(wide.grid).toEqual({ rows: 2, columns: 7 });
        expectClose(wide.cls, expected['wide.cls'].values as Float32Array, 1e-4);
        expectClose(wide.patches, expected['wide.patches'].values as Float32Array, 1e-4);
        if (!config.vit.maskToken) return;
        const { cls, patches } = applyVit(config.vit, image, input('pixels') as Tensor4D, { mask: input('mask') as Tensor2D });
        expectClose(concat([cls, patches], 1), expected.masked.values as Float32Array, 1e-4);
      });
      disposeTree(params);
    });
  });
});

it('adds the position of the CLS token to that token, whichever of the two has it', async () => {
  const form = forms[2];
  const { file, config } = await readForm(form);
  const shift = Float32Array.from({ length: 64 }, (_, i) => (i % 8) / 16);
  const signs: Readonly<Record<string, number>> = { cls_token: -1, pos_embed: 1 };
  const moved: TensorFile = {
    ...file,
    read: async (name) => {
      const original = await file.read(name);
      if (!(name in signs)) return original;
      const values = Float32Array.from(original.values as Float32Array, (value, i) => value + signs[name] * (shift[i] ?? 0));
      return { dtype: 'F32', shape: original.shape, values };
    },
  };
  const [ours, theirs] = [await loadTower(form, file, config), await loadTower(form, moved, config)];
  const image = (params: typeof ours) => params.image as unknown as VitParams;
  expectClose(image(theirs).cls, image(ours).cls, 1e-6);
  expectClose(image(theirs).position, image(ours).position, 0);
  disposeTree(ours, theirs);
});

describe('what is recognised', () => {
  /** The header of a file that holds what a naming wants. */
  const headerOf = (...namings: readonly Naming[]): ModelHeader => {
    const shapes: Record<string, readonly number[]> = Object.assign(
      {},
      ...namings.flatMap((naming) => Object.values(naming).map(({ tensors }) => tensors)),
    );
    const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { dtype: 'F32' as const, shape }]));
    return { tensors, metadata: {} };
  };
  const without = ({ tensors, metadata }: ModelHeader, unwanted: RegExp): ModelHeader => ({
    tensors: Object.fromEntries(Object.entries(tensors).filter(([name]) => !unwanted.test(name))),
    metadata,
  });

  const released = [
    ['B/14', 'B', 32],
    ['L/14', 'L', 16],
    ['So400m/14', 'So400m', 32],
    ['g/14', 'g', 32],
  ] as const;

  it.each(released)('every size from names and shapes alone: %s', (name, text, positionGrid) => {
    const scenic: TipsModelConfig = { vit: { ...vitPresets[name], positionGrid }, text: textPresets[text] };
    expect(tipsScenic.recognise(headerOf(tipsScenic.naming(scenic)))).toEqual(scenic);

    const { mlp } = scenic.vit;
    const pytorch: TipsModelConfig = {
      vit: {
        ...scenic.vit,
        imageSize: 14 * positionGrid,
        mlp: { ...mlp, kind: mlp.kind === 'swiglu' ? 'swiglu' : 'gelu' },
        maskToken: true,
        layerScale: 1,
      },
      text: { ...textPresets[text], epsilon: 1e-5 },
    };
    const header = headerOf(tipsPytorch.naming(pytorch));
    expect(tipsPytorch.recognise(header)).toEqual(pytorch);
    for (const other of [tipsScenic, dinov2Official]) expect(other.recognise(header)).toBeUndefined();
  });

  it('says of a text file alone, or of files of two sizes, that they are no model', () => {
    const [small, large] = [
      { vit: vitPresets['B/14'], text: textPresets.B },
      { vit: vitPresets['L/14'], text: textPresets.L },
    ];
    for (const family of [tipsScenic, tipsPytorch]) {
      const files = [small, large].map((config) => headerOf(family.naming({ ...config, vit: { ...config.vit, layerScale: 1 } })));
      const vision = without(files[0], /^(transformer|token_emb|text_encoder|ln_final)/);
      const text = without(files[1], /^(encoder|patch_embed|pos_embed|cls_token|register|blocks|norm)/);
      expect(() => family.recognise(text)).toThrow('the text tower alone: name the file of the vision tower');
      expect(family.recognise(vision)?.text).toBeUndefined();
      const mixed = { tensors: { ...vision.tensors, ...text.tensors }, metadata: {} };
      expect(() => family.recognise(mixed)).toThrow('the vision tower is 768 wide and the text tower 1024');
    }
  });

  it('says what it does not know', () => {
    const { tensors } = headerOf(tipsPytorch.naming({ vit: { ...vitPresets['B/14'], width: 96, heads: 2 } }));
    expect(() => tipsPytorch.recognise({ tensors, metadata: {} })).toThrow('the weights do not say how many heads it has');
    const config = { model_type: 'tipsv2', vision_config: { num_register_tokens: 4 } };
    expect(() => tipsv2.recognise({ config, tensors: {}, metadata: {} })).toThrow('num_register_tokens is 4');
    const recognise = (fields: object) => () =>
      tipsv2.recognise({ config: { model_type: 'tipsv2', ...fields }, tensors: {}, metadata: {} });
    expect(recognise({ model_type: 'tipsv2_text_model' })).toThrow('a text tower alone (tipsv2_text_model), and models here');
    for (const tower of ['vision_config', 'text_config']) {
      expect(recognise({ [tower]: { num_attention_heads: 7 } })).toThrow(
        'num_attention_heads divides the width of the tokens, which is 768, but 7 came',
      );
    }
    expect(recognise({ vision_config: { image_size: 450 } })).toThrow('image_size is a multiple of patch_size, which is 14');
    expect(recognise({ model_type: 'siglip' })()).toBeUndefined();
  });

  it('takes what a configuration leaves out for what transformers takes', () => {
    const read = tipsv2.recognise({ config: { model_type: 'tipsv2' }, tensors: {}, metadata: {} });
    expect(read?.vit).toEqual({
      ...vitPresets['B/14'],
      mlp: { kind: 'gelu', hidden: 3072 },
      maskToken: true,
      layerScale: 1,
      epsilon: 1e-6,
    });
    expect(read?.text).toEqual({ ...textPresets.B, epsilon: 1e-5 });
  });
});
