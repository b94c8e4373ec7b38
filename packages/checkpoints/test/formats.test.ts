import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
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

/** What `open` throws, which is all that matters of it. */
async function refusal(open: () => Promise<unknown>): Promise<unknown> {
  return await open().then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
}

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

// Weights are handed to a backend as they come: one that shared memory with the file, or with another reading, would change with it.
test.each(['numpy.npz', 'numpy-deflated.npz', 'torch-2.pt', 'torch.safetensors'])('%s: every read is a copy', async (name) => {
  const bytes = fixture(name);
  const file = await openTensorFile(bytesSource(bytes, name));
  const first = await readAll(file);
  const before = Object.fromEntries(Object.entries(first).map(([tensor, data]) => [tensor, plain(data)]));
  for (const { values } of Object.values(await readAll(file))) new Uint8Array(values.buffer).fill(7);
  bytes.fill(7);
  for (const [tensor, data] of Object.entries(first)) expect(plain(data), tensor).toEqual(before[tensor]);
});

describe('openShardedSafetensors', () => {
  const index: { weight_map: Record<string, string> } = JSON.parse(
    Buffer.from(fixture('sharded/model.safetensors.index.json')).toString(),
  );
  const open = async (file: string) => source(`sharded/${file}`);

  test('reads the shards that huggingface_hub writes, as one file', async () => {
    const file = await openShardedSafetensors(index, open);
    expect(file.metadata).toEqual({ format: 'pt', total_size: '184' });
    expectSame(await readAll(file), decodeSafetensors(fixture('model.safetensors')).tensors);
  });

  test('names the tensors that the index does not look for where they are', async () => {
    const { steps, ...others } = index.weight_map;
    const file = await openShardedSafetensors({ weight_map: others }, open);
    expect(file.metadata.ignored).toBe(`${steps}: steps`);
    expect(file.tensors).not.toHaveProperty('steps');
  });

  // An index from the internet would read files elsewhere on the disk of the user.
  test.each<[unknown, string]>([
    [null, 'an object with a "weight_map" is expected'],
    [{ weight_map: ['a'] }, 'an object with a "weight_map" is expected'],
    [{ weight_map: { a: 1 } }, 'the file of tensor "a" is no text'],
    ...['../a', '/etc/passwd', 'a/../../b', 'C:\\a', 'file:a', '', 'a//b', './a', 'a?b', '..'].map((file): [unknown, string] => [
      { weight_map: { a: file } },
      'is not in the folder of the index',
    ]),
    [{ weight_map: { gone: 'model-00001-of-00003.safetensors' } }, 'has no tensor "gone"'],
    [{ weight_map: { toString: 'model-00001-of-00003.safetensors' } }, 'has no tensor "toString"'],
    [{ weight_map: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, `${i}.safetensors`])) }, 'names 1001 files'],
  ])('refuses an index (%#)', async (given, message) => {
    expect(await refusal(() => openShardedSafetensors(given, open))).toMatchObject({
      code: 'corrupt-data',
      message: expect.stringContaining(message),
    });
  });

  test('what is written in shards is read back, in files no larger than asked for but for single tensors', async () => {
    const tensors = decodeSafetensors(fixture('numpy.safetensors')).tensors;
    const { files, index: written } = encodeShardedSafetensors(tensors, { maxShardBytes: 100 });
    expect(Object.keys(files)[0]).toBe(`model-00001-of-${String(Object.keys(files).length).padStart(5, '0')}.safetensors`);
    for (const file of Object.values(files)) {
      const kept = Object.values(decodeSafetensors(file).tensors);
      const size = kept.reduce((sum, { values }) => sum + values.byteLength, 0);
      expect(size <= 200 || kept.length === 1).toBe(true); // Halves are widened in memory.
    }
    const file = await openShardedSafetensors(JSON.parse(JSON.stringify(written)), async (name) =>
      bytesSource(files[name], name),
    );
    expectSame(await readAll(file), tensors);
  });
});

describe('encodeNpz', () => {
  // Programs in Python would not open what is written here, or see other numbers.
  test('writes the very bytes that numpy.savez writes', async () => {
    const expected = fixture('numpy.npz');
    const tensors = await readAll(await openNpz(source('numpy.npz')));
    expect(Buffer.compare(Buffer.from(encodeNpz(tensors)), Buffer.from(expected))).toBe(0);
  });

  test('what is written is read back, also nothing at all', async () => {
    const tensors = decodeSafetensors(fixture('torch.safetensors')).tensors;
    expectSame(await readAll(await openTensorFile(bytesSource(encodeNpz(tensors), 'written'))), tensors);
    expect((await openTensorFile(bytesSource(encodeNpz({}), 'empty'))).tensors).toEqual({});
  });
});

describe('openTorch', () => {
  test('descends to the state dict and names what else is there', async () => {
    const { metadata } = await openTorch(source('checkpoint.pt'));
    const others = 'epoch, optimizer, args, best, rng, seen, large, nothing, device, type, size, loss';
    expect(metadata).toEqual({ entry: 'model', ignored: others });
  });

  test('names the class of a scripted module', async () => {
    expect((await openTorch(source('scripted.pt'))).metadata).toEqual({ entry: '__torch__.Net' });
  });

  test.each([
    ['calls-os-system.pt', 'this file would call posix.system'],
    ['module.pt', 'this file would call __main__.Net, and only what rebuilds tensors is known here'],
    ['legacy.pt', 'a pickle outside of an archive, as torch.save wrote before 1.6'],
  ])('refuses %s', async (name, message) => {
    expect(await refusal(() => openTensorFile(source(name)))).toMatchObject({
      code: 'corrupt-data',
      message: expect.stringContaining(message),
    });
  });
});

test('a name that the file does not have is told, with the nearest one', async () => {
  const file = await openSafetensors(source('model.safetensors'));
  expect(await refusal(() => file.read('first.weigth'))).toMatchObject({
    code: 'unknown-name',
    message: expect.stringContaining('did you mean "first.weight"?'),
  });
  expect(await refusal(() => file.read('toString'))).toMatchObject({ code: 'unknown-name' });
});

test.each([
  ['version https://git-lfs.github.com/spec/v1\noid sha256:00\n', 'a pointer of Git LFS'],
  ['<!DOCTYPE html><html>', 'a web page'],
  ['\x93NUMPY\x01\0', 'a single array'],
  ['GGUF\x03\0\0\0', 'a GGUF file'],
  ['nothing of the kind', 'none of the formats'],
  ['', 'file is empty'],
  ['PK\x03\x04 and then nothing', 'no end of a central directory'],
])('%j is refused as what it is', async (text, message) => {
  const bytes = Buffer.from(text, 'latin1');
  expect(await refusal(() => openTensorFile(bytesSource(bytes, 'file')))).toMatchObject({
    code: 'corrupt-data',
    message: expect.stringContaining(message),
  });
});

// The commonest cause of "header too large" is a file that is none of safetensors.
test('openers of one format tell what else a file is', async () => {
  const pointer = bytesSource(Buffer.from('version https://git-lfs.github.com/spec/v1'), 'pointer');
  for (const open of [openSafetensors, openNpz, openTorch]) {
    expect(await refusal(() => open(pointer))).toMatchObject({ message: expect.stringContaining('a pointer of Git LFS') });
  }
  expect(await refusal(() => openTorch(source('legacy.pt')))).toMatchObject({
    message: expect.stringContaining('torch.save wrote before 1.6'),
  });
  expect(await refusal(() => openTorch(source('numpy.npz')))).toMatchObject({
    message: expect.stringContaining('has one data.pkl, but this one has 0'),
  });
  expect(await refusal(() => openSafetensors(source('numpy.npz')))).toMatchObject({
    message: expect.stringContaining('is an archive'),
  });
});
