import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose, type Tensor, tensor4d } from '@tensorflow/tfjs-core';
import { type ByteSource, bytesSource, decodeSafetensors, encodeSafetensors, type TensorData } from '@vitrail/checkpoints';
import { disposeTree, flattenTree } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { families } from '../src/families.ts';
import { exportModel, openModel } from '../src/index.ts';
import { openModelFiles } from '../src/model-files.ts';
import { openModelAt } from '../src/node.ts';
import { exportedModel } from './exported-model.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

/** The forms that there are fixtures of, by the families that read them. */
const forms: readonly (readonly [family: string, forms: readonly string[]])[] = [
  ['tips (scenic)', ['tips-scenic', 'tips-scenic-gated']],
  ['tips (pytorch)', ['tips-pytorch', 'tips-pytorch-gated']],
  ['tipsv2 (transformers)', ['tipsv2', 'tipsv2-gated', 'tipsv2-vision']],
];

const scratch = mkdtempSync(join(tmpdir(), 'vitrail-open-model-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.each(readdirSync(fixtures).filter((name) => !name.includes('.')))('%s', (form) => {
  it('belongs to one family alone, and is opened as one of it', async () => {
    const { weights, config } = await openModelFiles(sourcesOf(form));
    const header = { config, tensors: weights.tensors, metadata: weights.metadata };
    const claimed = families.filter((family) => recognises(() => family.recognise(header)));
    expect(claimed.map(({ name }) => name)).toHaveLength(1);
    const expectedFamily = forms.find(([, names]) => names.includes(form))?.[0];
    if (expectedFamily !== undefined) expect(claimed[0].name).toBe(expectedFamily);

    const progress: number[] = [];
    const model = await openModel(sourcesOf(form), { onProgress: (done, of) => progress.push(done / of) });
    expect(model.family).toBe(claimed[0]);
    expect(progress.at(-1)).toBe(1);
    const { tensors } = decodeSafetensors(readFileSync(join(fixtures, form, 'expected.safetensors')));
    const { shape, values } = tensors['input.pixels'];
    const pixels = tensor4d(values as Float32Array, [...shape] as [number, number, number, number]);
    const features = model.family.encoders(model.config, model.params).image.encode(pixels);
    expectClose(features.cls, tensors['image.cls'].values as Float32Array, 2e-4);
    dispose({ ...features, pixels });
    const picture = { width: 7, height: 5, data: new Uint8Array(105).fill(90) };
    for (const view of ['reference', 'whole'] as const) {
      expect(model.prepare(picture, view)).toHaveLength(3 * model.imageSize ** 2);
    }
    model.dispose();
  });
});

it('tells of everything that does not fit, by name, and with strict: false loads the rest', async () => {
  const { files } = await exported();
  const { tensors, metadata } = decodeSafetensors(files['model.safetensors']);
  const { 'image.norm.scale': scale, 'image.cls': cls, ...rest } = tensors;
  const changed: Record<string, TensorData> = {
    ...rest,
    'image.cls': { ...cls, shape: [...cls.shape].reverse() } as TensorData,
    extra: scale,
  };
  const source = bytesSource(encodeSafetensors(changed, metadata), 'model.safetensors');
  await expect(openModel([source])).rejects.toThrow(
    'missing (1): image.norm.scale; unexpected (1): extra; wrongly shaped (1): image.cls [64,2] instead of [2,64]',
  );
  const model = await openModel([source], { strict: false });
  expect(model.differences).toEqual({
    missing: ['image.norm.scale'],
    unexpected: ['extra'],
    wronglyShaped: [{ name: 'image.cls', expected: [2, 64], found: [64, 2] }],
  });
  expect([...flattenTree<Tensor>(model.params)['image.norm.scale'].dataSync()]).toEqual(Array(64).fill(1));
  model.dispose();
});

it('says what weights look like that are of no family', async () => {
  const of = (name: string) =>
    openModel([
      bytesSource(encodeSafetensors({ [name]: { dtype: 'F32', shape: [1], values: Float32Array.of(1) } }), 'model.safetensors'),
    ]);
  await expect(of('model.layers.0.self_attn.q_proj.weight')).rejects.toThrow('its weights look like a LLaMA-like language model');
  await expect(of('layer1.0.conv1.weight')).rejects.toThrow('look like a ResNet');
  await expect(of('w')).rejects.toThrow('its tensors are w. Known are vitrail, tipsv2 (transformers)');
});

it('says what weights look like that belong to another configuration, or to one that is missing', async () => {
  const part = (form: string, name: string) => sourcesOf(form).filter((source) => source.name === name);
  await expect(openModel([...part('clip', 'config.json'), ...part('siglip', 'model.safetensors')])).rejects.toThrow(
    'The files say clip (transformers), but the weights look like SigLIP of transformers',
  );
  await expect(openModel(part('dinov2', 'model.safetensors'))).rejects.toThrow(
    'its weights look like DINOv2 of transformers; there is no config.json beside them',
  );
});

it('takes the weights that are called the model, and not what lies beside them', async () => {
  const { files } = await exported();
  const other = encodeSafetensors({ step: { dtype: 'F32', shape: [1], values: Float32Array.of(1) } });
  const model = await openModel([
    bytesSource(other, 'optimizer.safetensors'),
    bytesSource(files['model.safetensors'], 'a/model.safetensors'),
  ]);
  expect(model.family.name).toBe('vitrail');
  model.dispose();
});

// Sizes that somebody invented would fill the memory with names, or end in an error that names no file.
it('refuses sizes in a configuration that are none', async () => {
  const of = (vision: object) => {
    const config = new TextEncoder().encode(JSON.stringify({ model_type: 'clip', vision_config: vision }));
    const weights = readFileSync(join(fixtures, 'clip', 'model.safetensors'));
    return openModel([bytesSource(config, 'config.json'), bytesSource(weights, 'model.safetensors')]);
  };
  await expect(of({ num_hidden_layers: 1e12 })).rejects.toThrow(
    'num_hidden_layers is a whole number from 1 to 1000, but 1000000000000 came',
  );
  await expect(of({ num_attention_heads: 0 })).rejects.toThrow('num_attention_heads is a whole number from 1');
  await expect(of({ patch_size: 0.5 })).rejects.toThrow('patch_size is a whole number from 1');
});

// LAION's folders hold the same model for transformers and for open_clip: which configuration was read was up to the order of the files.
it('takes the configuration of the form that the weights have, in a folder of both', async () => {
  const both = [...sourcesOf('open-clip'), ...sourcesOf('clip')];
  const expected = { 'clip (transformers)': both, 'clip (open_clip)': both.filter(({ name }) => name !== 'model.safetensors') };
  for (const [family, sources] of Object.entries(expected)) {
    for (const files of [sources, [...sources].reverse()]) {
      const model = await openModel(files);
      expect(model.family.name).toBe(family);
      model.dispose();
    }
  }
});

it('reads the configuration beside a single file', async () => {
  const model = await openModelAt(join(fixtures, 'clip', 'model.safetensors'));
  expect(model.family.name).toBe('clip (transformers)');
  model.dispose();
});

it('opens folders, single files and files separated by commas', async () => {
  const { files } = await exported();
  writeFileSync(join(scratch, 'model.safetensors'), files['model.safetensors']);
  const texts = ['a red ball', 'a blue cube'];
  for (const path of [scratch, join(scratch, 'model.safetensors')]) {
    const model = await openModelAt(path);
    const embedded = model.encodeTexts(texts);
    expect(embedded.shape).toEqual([2, 64]);
    embedded.dispose();
    model.dispose();
  }
  const files2 = ['vision.npz', 'text.npz'].map((name) => join(fixtures, 'tips-scenic', name));
  const model = await openModelAt(files2.join(','));
  expect(() => model.encodeTexts(texts)).toThrow('texts need the tokenizer of the model');
  model.dispose();
  const alone = await openModelAt(files2[0]);
  expect(() => alone.encodeTexts(texts)).toThrow('this model has no text tower');
  alone.dispose();
  await expect(openModelAt(files2[1])).rejects.toThrow(
    'this is the text tower alone: name the file of the vision tower beside it',
  );
  await expect(openModelAt(join(scratch, 'none'))).rejects.toThrow(`there is no ${join(scratch, 'none')}`);
  await expect(openModelAt(join(fixtures, 'tips-scenic', '..', '..'))).rejects.toThrow('a model has its weights in .safetensors');
});

/** Whether a family claims a model; one that refuses it in words has recognised it. */
function recognises(recognise: () => unknown): boolean {
  try {
    return recognise() !== undefined;
  } catch {
    return true;
  }
}

function sourcesOf(form: string): ByteSource[] {
  const names = readdirSync(join(fixtures, form)).filter((name) => name !== 'expected.safetensors');
  return names.map((name) => bytesSource(readFileSync(join(fixtures, form, name)), name));
}

async function exported(): ReturnType<typeof exportModel> {
  const model = exportedModel('here');
  const written = await exportModel(model, 'vitrail');
  disposeTree(model.params);
  return written;
}
