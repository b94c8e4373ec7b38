import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backend, getBackend, setBackend, type Tensor, type Tensor2D, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { startBackend } from '@vitrail/backend';
import { bytesSource, decodeSafetensors, openTensorFile, type TensorData, type TensorFile } from '@vitrail/checkpoints';
import { createRng, disposeTree, type TensorTree } from '@vitrail/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onTensorflow } from '../../backend/test/on-tensorflow.ts';
import { loadParameters, type ModelFamily, type ModelHeader, saveParameters } from '../src/index.ts';

/** A published form of a model: the folder of its fixture under `fixtures/`, and the files in it that hold weights. */
export type Form<Config> = { readonly family: ModelFamily<Config>; readonly form: string; readonly files?: readonly string[] };

/** Largest difference of normalised vectors from the reference in float64. */
export const TOLERANCES = { f32: 1e-4, f16: 2e-3 } as const;

const fixtures = join(import.meta.dirname, 'fixtures');

/**
 * The tests of a form: it is recognised, loads strictly, gives what the reference implementation gives on wasm and tensorflow, and its
 * weights can be written back bit for bit.
 */
export function compareWithReference<Config>(form: Form<Config>): void {
  describe(form.form, () => {
    it('keeps every weight to the bit', async () => {
      const { file, config } = await readForm(form);
      const params = await load(form, file, config);
      const saved = await saveParameters(params, form.family.naming(config));
      disposeTree(params);
      for (const [name, { shape, values }] of Object.entries(saved)) {
        const original = await file.read(name);
        expect(shape, name).toEqual(original.shape);
        expect(values, name).toEqual(original.values);
      }
    });

    describe('on wasm', () => {
      let previous: string;
      beforeAll(async () => {
        previous = getBackend();
        await startBackend('wasm', { threads: 1 });
      });
      afterAll(async () => {
        await setBackend(previous);
      });
      it('gives what the reference gives', () => expectOutputs(form, TOLERANCES.f32));
    });

    onTensorflow(form.form, () => {
      it('gives what the reference gives', () => expectOutputs(form, TOLERANCES.f32));
    });
  });
}

/** Fails unless every output that the fixture names is within `tolerance` of the reference's, both normalised over the last axis. */
export async function expectOutputs<Config>(form: Form<Config>, tolerance: number): Promise<void> {
  const { file, config, expected } = await readForm(form);
  const params = await load(form, file, config);
  const outputs = tidy(() => encode(form.family, config, params, expected));
  disposeTree(params);
  for (const [name, output] of Object.entries(outputs)) {
    const { shape, values } = expected[name];
    expect(output.shape, name).toEqual(shape);
    const difference = largestDifference(await output.data<'float32'>(), values as Float32Array, shape[shape.length - 1]);
    output.dispose();
    expect(difference, `${name}: largest difference on ${getBackend()} ${backend().constructor.name}`).toBeLessThan(tolerance);
  }
}

/** The files of a form: its weights, its configuration as the family reads it, and the reference's inputs and outputs. */
export async function readForm<Config>({ family, form, files = ['model.safetensors'] }: Form<Config>): Promise<{
  file: TensorFile;
  header: ModelHeader;
  config: Config;
  expected: Record<string, TensorData>;
}> {
  const folder = join(fixtures, form);
  const opened = await Promise.all(files.map((name) => openTensorFile(bytesSource(readFileSync(join(folder, name)), name))));
  const file = merged(opened);
  const header: ModelHeader = { config: readConfig(folder), tensors: file.tensors, metadata: file.metadata };
  const config = family.recognise(header);
  if (config === undefined) throw new Error(`${family.name} does not recognise ${form}`);
  return { file, header, config, expected: decodeSafetensors(readFileSync(join(folder, 'expected.safetensors'))).tensors };
}

function load<Config>({ family }: Form<Config>, file: TensorFile, config: Config): Promise<TensorTree> {
  const { ignored } = family;
  const fresh = () => family.init(config, createRng(0));
  const model = { shapes: family.shapes(config), naming: family.naming(config), ignored, fresh };
  return loadParameters(file, model).then(({ params }) => params);
}

function encode<Config>(
  family: ModelFamily<Config>,
  config: Config,
  params: TensorTree,
  expected: Readonly<Record<string, TensorData>>,
): Record<string, Tensor> {
  const { image, text } = family.encoders(config, params);
  const input = (name: string, dtype: 'float32' | 'int32') => {
    const { shape, values } = expected[`input.${name}`];
    return tensor(Array.from(values as Float32Array | Int32Array), [...shape], dtype);
  };
  const outputs: Record<string, Tensor> = {};
  if ('input.pixels' in expected) {
    const { cls, patches } = image.encode(input('pixels', 'float32') as Tensor4D);
    Object.assign(outputs, { 'image.cls': cls, 'image.patches': patches });
  }
  if ('text' in expected) {
    if (text === undefined) throw new Error(`${family.name} has no text tower`);
    outputs.text = text.encode(input('ids', 'int32') as Tensor2D, input('padding', 'float32') as Tensor2D);
  }
  return outputs;
}

/** Several files as one table of tensors: a vision file and a text file. */
function merged(files: readonly TensorFile[]): TensorFile {
  if (files.length === 1) return files[0];
  return {
    ...files[0],
    tensors: Object.assign({}, ...files.map(({ tensors }) => tensors)),
    read: (name) => {
      const file = files.find(({ tensors }) => name in tensors);
      if (file === undefined) throw new Error(`no file has ${name}`);
      return file.read(name);
    },
  };
}

function readConfig(folder: string): Record<string, unknown> | undefined {
  const name = ['config.json', 'open_clip_config.json'].find((candidate) => existsSync(join(folder, candidate)));
  return name === undefined ? undefined : JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>, width: number): number {
  let largest = 0;
  for (let row = 0; row < expected.length; row += width) {
    const norms = [actual, expected].map((values) => {
      let sum = 0;
      for (let i = row; i < row + width; i++) sum += values[i] ** 2;
      return Math.sqrt(sum);
    });
    for (let i = row; i < row + width; i++) {
      const difference = Math.abs(actual[i] / norms[0] - expected[i] / norms[1]);
      // NaN is no difference that a comparison would notice.
      largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
    }
  }
  return largest;
}
