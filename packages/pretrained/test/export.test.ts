import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Tensor, type Tensor2D, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { bytesSource, decodeSafetensors } from '@vitrail/checkpoints';
import { createRng, disposeTree, type TensorTree } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { huggingFaceTokenizer, trainBytePairs } from '@vitrail/text';
import { describe, expect, it } from 'vitest';
import { initTips, tipsEncoders } from '../src/families/tips-tower.ts';
import { type ExportFormat, exportFormats, exportModel, openModel, requireExportable } from '../src/index.ts';
import { exportedModel, variants } from './exported-model.ts';

const { tensors: expected, metadata } = decodeSafetensors(
  readFileSync(new URL('fixtures/exported.safetensors', import.meta.url)),
);

/** Files that somebody else's code has read, by variant and format. */
const read = Object.keys(JSON.parse(metadata.sha256) as object).map((file) => file.split('/') as [string, ExportFormat, string]);
const forms = [...new Set(read.map(([variant, format]) => `${variant}/${format}`))].map(
  (form) => form.split('/') as [string, ExportFormat],
);

describe.each(forms)('the model %s as %s', (variant, format) => {
  it('is in the very files that the reference implementation has loaded', async () => {
    const { files } = await withModel(variant, (model) => exportModel(model, format));
    const hashes = Object.entries(files).map(([name, bytes]) => [
      `${variant}/${format}/${name}`,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
    expect(JSON.parse(metadata.sha256)).toMatchObject(Object.fromEntries(hashes));
  });

  it('computes there what it computes here', async () => {
    await withModel(variant, async (model) => {
      const { image, text } = tipsEncoders(model, model.params);
      tidy(() => {
        const { cls, patches } = image.encode(input('pixels', 'float32') as Tensor4D);
        const pooled = text?.encode(input('ids', 'int32') as Tensor2D, input('padding', 'float32') as Tensor2D) as Tensor;
        for (const [name, output] of Object.entries({ 'image.cls': cls, 'image.patches': patches, text: pooled })) {
          expectClose(output, expected[`${variant}/${format}.${name}`].values as Float32Array, 2e-5);
        }
      });
    });
  });
});

it.each(exportFormats)('comes back from %s with every weight as it was', async (format) => {
  const [before, after] = await withModel('torch', async (model) => {
    const { files } = await exportModel(model, format);
    const sources = Object.entries(files).map(([name, bytes]) => bytesSource(bytes, name));
    const opened = await openModel(sources);
    try {
      const again = await exportModel({ ...requireExportable(opened), tokenizer: model.tokenizer }, 'vitrail');
      return [await exportModel(model, 'vitrail'), again].map(
        (exported) => decodeSafetensors(exported.files['model.safetensors']).tensors,
      );
    } finally {
      opened.dispose();
    }
  });
  // LayerScale is filled in by the forms of PyTorch; scenic's has no mask token; and none but Vitrail's own gives the temperature back.
  const added = Object.keys(after).filter((name) => !(name in before));
  for (const name of added) {
    expect(name).toMatch(/\.ls[12]$/);
    expect(new Set(after[name].values as Float32Array)).toEqual(new Set([1]));
  }
  const lost = Object.keys(before).filter((name) => !(name in after));
  expect(['image.maskToken', 'logitScale']).toEqual(expect.arrayContaining(lost));
  for (const name of Object.keys(before)) if (name in after) expect(after[name], name).toEqual(before[name]);
});

it('says what a form does not hold', async () => {
  const { notes } = await withModel('torch', (model) => exportModel(model, 'tips-scenic-npz'));
  expect(notes.join('\n')).toMatch(/GELU by tanh.*\n.*variances of texts.*\n.*mask token is left out/);
  const words = await withModel('here', (model) => exportModel(model, 'hf'));
  expect(words.notes.join('\n')).toContain('transformers has no tokenizer of the kind "word"');
});

it('brings a tokenizer of Hugging Face along, with the token that it pads with', async () => {
  const file = trainBytePairs(['a red ball', 'a blue ball'], { vocabularySize: 262 });
  const tokenizer = huggingFaceTokenizer({ tokenizer: file, maxTokens: 9 });
  const { files, notes } = await withModel('here', (model) => exportModel({ ...model, tokenizer }, 'hf'));
  expect(notes).toEqual([]);
  const read = (name: string) => JSON.parse(new TextDecoder().decode(files[name]));
  expect(read('tokenizer.json')).toEqual(file);
  expect(read('tokenizer_config.json')).toMatchObject({ pad_token: '<pad>', model_max_length: 9 });
});

it('refuses what a form cannot hold', async () => {
  const vit = { ...variants.here.vit, clsTokens: 1 };
  const params = initTips({ ...variants.here, vit }, createRng(0));
  await expect(exportModel({ ...variants.here, vit, params }, 'hf')).rejects.toThrow('two CLS tokens, but this model has 1');
  await expect(exportModel({ ...variants.here, vit, params }, 'vitrail')).rejects.toThrow('name the tokenizer file');
  disposeTree(params);
  expect(() => requireExportable({ family: { name: 'clip' }, config: { vit: {} }, params: {} })).toThrow('but this is clip');
});

async function withModel<Result>(
  variant: string,
  use: (model: ReturnType<typeof exportedModel>) => Promise<Result>,
): Promise<Result> {
  const model = exportedModel(variant);
  try {
    return await use(model);
  } finally {
    disposeTree(model.params as TensorTree);
  }
}

function input(name: string, dtype: 'float32' | 'int32'): Tensor {
  const { shape, values } = expected[`input.${name}`];
  return tensor(Array.from(values as Float32Array | Int32Array), [...shape], dtype);
}
