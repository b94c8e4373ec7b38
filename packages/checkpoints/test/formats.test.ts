import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type ByteSource,
  bytesSource,
  decodeSafetensors,
  encodeNpz,
  encodeShardedSafetensors,
  openNpz,
  openSafetensors,
  openShardedSafetensors,
  openTensorFile,
  openTorch,
  type TensorData,
  type TensorFile,
} from '../src/index.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const fixture = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));
const source = (name: string) => bytesSource(fixture(name), name);

/** Values as they are stored, so that -0, NaN and bits that no number has are compared too. */
function plain({ dtype, shape, values }: TensorData): unknown {
  return { dtype, shape, bytes: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex') };
}

async function readAll(file: TensorFile): Promise<Record<string, TensorData>> {
  const tensors: Record<string, TensorData> = {};
  for (const name of Object.keys(file.tensors)) {
    tensors[name] = await file.read(name);
    expect({ dtype: tensors[name].dtype, shape: tensors[name].shape }).toEqual(file.tensors[name]);
  }
  return tensors;
}

function expectSame(got: Record<string, TensorData>, expected: Record<string, TensorData>): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const name of Object.keys(expected))
    expect({ name, ...(plain(got[name]) as object) }).toEqual({ name, ...(plain(expected[name]) as object) });
}

/** A source that counts what is read of it. */
function counted(from: ByteSource): ByteSource & { bytes: number; reads: number } {
  const counting = {
    ...from,
    bytes: 0,
    reads: 0,
    read(begin: number, end: number) {
      counting.bytes += end - begin;
      counting.reads++;
      return from.read(begin, end);
    },
  };
  return counting;
}

describe('reads what NumPy, JAX, PyTorch and Hugging Face write, to the bit', () => {
  test.each([
    ['numpy.npz', 'numpy', 'npz'],
    ['numpy-deflated.npz', 'numpy', 'npz'],
    ['numpy-zip64.npz', 'numpy', 'npz'],
    ['layouts.npz', 'layouts', 'npz'],
    ['torch-2.pt', 'torch', 'torch'],
    ['torch-5.pt', 'torch', 'torch'],
    ['torch-big-endian.pt', 'torch', 'torch'],
    ['checkpoint.pt', 'model', 'torch'],
    ['scripted.pt', 'model', 'torch'],
    ['torch.safetensors', 'torch', 'safetensors'],
  ])('%s', async (name, twin, format) => {
    const file = await openTensorFile(source(name));
    expect(file.format).toBe(format);
    expectSame(await readAll(file), decodeSafetensors(fixture(`${twin}.safetensors`)).tensors);
  });
});
