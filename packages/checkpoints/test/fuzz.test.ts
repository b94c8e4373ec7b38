import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, inflateRawSync } from 'node:zlib';
import { createRng, isVitrailError, VitrailError } from '@vitrail/core';
import { expect, test } from 'vitest';
import {
  type ByteSource,
  bytesSource,
  decodeSafetensors,
  openShardedSafetensors,
  openTensorFile,
  type TensorFile,
} from '../src/index.ts';
import { damage } from './damage.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const fixture = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));

/** Refuses to give more at once than the file has: what asks for it would also ask for memory that is not there. */
function strict(bytes: Uint8Array): ByteSource {
  const source = bytesSource(bytes, 'damaged');
  return {
    ...source,
    read(begin, end) {
      if (!(0 <= begin && begin <= end && end <= bytes.length))
        throw new Error(`bytes [${begin}, ${end}) of ${bytes.length} were asked for`);
      return source.read(begin, end);
    },
  };
}

type Found = { name: string; shape: readonly number[] };

/** What an independent reading of the bytes finds in them; a tensor that is opened must be among these. */
type Oracle = (bytes: Uint8Array) => (tensor: Found) => boolean;

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

const headerOracle: Oracle = (bytes) => {
  const json = JSON.parse(Buffer.from(bytes.subarray(8, 8 + Buffer.from(bytes).readUInt32LE(0))).toString());
  return ({ name, shape }) => JSON.stringify(json[name].shape) === JSON.stringify(shape);
};

/** Arrays by the local headers of the archive, where the code under test goes by its directory. */
const arraysOracle: Oracle = (bytes) => {
  const found = new Set<string>();
  const buffer = Buffer.from(bytes);
  for (let at = buffer.indexOf('PK\x03\x04'); at >= 0 && at + 30 < buffer.length; at = buffer.indexOf('PK\x03\x04', at + 1)) {
    const nameEnd = at + 30 + buffer.readUInt16LE(at + 26);
    const stored = buffer.subarray(nameEnd + buffer.readUInt16LE(at + 28));
    for (const content of [stored, inflated(stored)]) {
      const text = content.subarray(0, 12_100).toString('latin1');
      const shape = /^\x93NUMPY.*?'shape'\s*:\s*\(([^)]*)\)/s.exec(text)?.[1];
      const name = buffer.subarray(at + 30, nameEnd).toString();
      if (shape !== undefined) found.add(`${name} ${shape.match(/\d+/g)?.map(Number) ?? []}`);
    }
  }
  return ({ name, shape }) => found.has(`${name}.npy ${shape}`);
};

function inflated(stored: Buffer): Buffer {
  try {
    return inflateRawSync(stored.subarray(0, 20_000), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/** Names and lengths of axes are written somewhere in the pickle: a text, and numbers of one, two or four bytes. */
const pickleOracle: Oracle = (bytes) => {
  const text = latin1(bytes);
  const small = (length: number) => String.fromCharCode(...(length < 256 ? [0x4b, length] : [0x4d, length & 0xff, length >> 8]));
  return ({ name, shape }) => {
    const written = latin1(Buffer.from(name))
      .split('.')
      .every((part) => text.includes(part) || name.includes('\ufffd'));
    return written && shape.every((length) => length > 0xffff || text.includes(small(length)));
  };
};

/** Fails unless opening the file and reading all of it ends soon, in little memory, with sound tensors or with `corrupt-data`. */
async function outcome(open: () => Promise<TensorFile>, mayBe: () => (tensor: Found) => boolean): Promise<'refused' | 'read'> {
  const started = process.cpuUsage();
  try {
    const file = await open();
    const isFound = mayBe();
    for (const [name, { dtype, shape }] of Object.entries(file.tensors)) {
      if (!isFound({ name, shape })) throw new Error(`"${name}" of shape [${shape}] is not in the file`);
      const { values } = await file.read(name);
      if (values.length !== shape.reduce((count, length) => count * length, 1))
        throw new Error(`"${name}" of ${dtype} has ${values.length} values`);
    }
    return 'read';
  } catch (error) {
    if (!isVitrailError(error) || error.code !== 'corrupt-data') throw error;
    return 'refused';
  } finally {
    expect(process.cpuUsage(started).user).toBeLessThan(2e6); // Of the processor, in microseconds: others may be at work.
    const before = memory;
    memory = usedMemory();
    expect(memory - before).toBeLessThan(100e6);
  }
}

let memory = usedMemory();

function usedMemory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

// A damaged or hostile file would hang the program, fill its memory, crash it, or give weights that are not in it.
test.each<[string, Oracle, number]>([
  ['torch.safetensors', headerOracle, 100],
  ['few.npz', arraysOracle, 100],
  ['few-deflated.npz', arraysOracle, 50],
  ['torch-2.pt', pickleOracle, 100],
  ['torch-5.pt', pickleOracle, 100],
  ['scripted.pt', pickleOracle, 100],
])('2,000 damaged copies of %s', async (name, oracle, leastRead) => {
  const original = fixture(name);
  const rng = createRng(`damage to ${name}`);
  const outcomes = { refused: 0, read: 0 };
  for (let i = 0; i < 2000; i++) {
    const bytes = damage(original, rng.fork(i));
    try {
      outcomes[
        await outcome(
          () => openTensorFile(strict(bytes)),
          () => oracle(bytes),
        )
      ]++;
    } catch (cause) {
      throw new Error(`damaged copy ${i}`, { cause });
    }
  }
  expect(outcomes.refused).toBeGreaterThan(300);
  expect(outcomes.read).toBeGreaterThan(leastRead);
});

test('2,000 damaged indices of shards, or shards that an index names', async () => {
  const index: { weight_map: Record<string, unknown> } = JSON.parse(latin1(fixture('sharded/model.safetensors.index.json')));
  const tensors = Object.keys(index.weight_map);
  const names = [...new Set(Object.values(index.weight_map))].map(String);
  const files = new Map(names.map((name) => [name, fixture(`sharded/${name}`)]));
  const all = decodeSafetensors(fixture('model.safetensors')).tensors;
  const rng = createRng('damage to an index');
  const outcomes = { refused: 0, read: 0 };
  for (let i = 0; i < 2000; i++) {
    const stream = rng.fork(i);
    const pick = <Item>(items: readonly Item[]) => items[stream.integer(0, items.length)];
    const odd = [null, 3, '', [], {}, '../a', '/a', 'a/b', `${names[0]} `, '__proto__', ...names, ...names, ...names];
    const map = { ...index.weight_map };
    const isIndexHit = stream.uniform() < 0.5;
    if (isIndexHit) map[pick([...tensors, ...tensors, 'another', 'toString'])] = pick(odd);
    else if (stream.uniform() < 0.5) delete map[pick(tensors)];
    const hit = isIndexHit ? undefined : pick(names);
    const open = async (name: string) => {
      const bytes = files.get(name);
      if (bytes === undefined) throw new VitrailError('corrupt-data', `${name} is not there`);
      return strict(name === hit ? damage(bytes, stream) : bytes);
    };
    const isFound = ({ name, shape }: Found) => hit !== undefined || String(all[name].shape) === String(shape);
    const given = stream.uniform() < 0.05 ? pick<unknown>(odd) : { ...index, weight_map: map };
    const result = await outcome(
      () => openShardedSafetensors(given, open),
      () => isFound,
    );
    outcomes[result]++;
  }
  expect(outcomes.refused).toBeGreaterThan(300);
  expect(outcomes.read).toBeGreaterThan(100);
});
