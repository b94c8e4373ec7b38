import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bytesSource, openTensorFile } from '../src/index.ts';
import { bytesOf, type Made, makeZip } from './make-zip.ts';

/** Opens and reads all of a file, which must be refused as corrupt, soon and in little memory. */
async function expectRefused(bytes: Uint8Array, message: string): Promise<void> {
  const started = process.cpuUsage();
  const opening = openTensorFile(bytesSource(bytes, 'file')).then(async (file) => {
    for (const name of Object.keys(file.tensors)) await file.read(name);
  });
  await expect(opening).rejects.toMatchObject({ code: 'corrupt-data', message: expect.stringContaining(message) });
  expect(process.cpuUsage(started).user).toBeLessThan(3e6); // Of the processor, in microseconds: others may be at work.
}

describe('archives', () => {
  const npy = (fields: string, data = '', version = '\x01\0') => {
    const text = fields.padEnd(117);
    return bytesOf(
      `\x93NUMPY${version}${String.fromCharCode(text.length + 1)}\0${version === '\x01\0' ? '' : '\0\0'}${text}\n${data}`,
    );
  };
  const fields = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
  const a: Made = { name: 'a.npy', content: npy(fields, '1234') };
  const zeros = new Uint8Array(20e6);

  test.each<[string, Uint8Array, string]>([
    [
      'a bomb that tells what it is',
      makeZip([{ ...a, stored: bytesOf('x'.repeat(100)), size: 4e9 }]),
      'claims to inflate from 100 bytes to 4000000000',
    ],
    [
      'a bomb that hides it',
      makeZip([{ ...a, stored: deflateRawSync(Buffer.concat([a.content, zeros])) }]),
      'inflates to more than the 132 bytes',
    ],
    [
      'a member shorter than it claims',
      makeZip([{ ...a, stored: deflateRawSync(a.content.subarray(0, 130)) }]),
      'inflates to 130 bytes',
    ],
    ['what is not deflated', makeZip([{ ...a, stored: bytesOf('\xff'.repeat(50)) }]), 'cannot be inflated'],
    ['two members in the same place', makeZip([a, { ...a, name: 'b.npy', start: 0 }]), 'overlaps what follows it'],
    ['a name twice', makeZip([a, a]), 'the name "a.npy" stands twice'],
    ['an encrypted member', makeZip([{ ...a, flags: 1 }]), 'is encrypted'],
    ['another compression', makeZip([{ ...a, method: 93 }]), 'compressed by method 93'],
    ['members that are not there', makeZip([a], { count: 65_535 }), '65535 members do not fit'],
    ['one of several parts', makeZip([a], { part: 1 }), 'one of several parts'],
    ['something before it', new Uint8Array([...makeZip([a]).subarray(0, 4), ...makeZip([a])]), 'its directory claims'],
    ['a wrong checksum', makeZip([{ ...a, stored: npy(fields, '1235'), method: 0 }]), 'its checksum is another'],
  ])('%s', async (_, bytes, message) => expectRefused(bytes, message));

  test.each<[string, Uint8Array, string]>([
    ['objects', npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "element type '|O'"],
    ['texts', npy("{'descr': '<U3', 'fortran_order': False, 'shape': (), }"), "element type '<U3'"],
    ['complex numbers', npy("{'descr': '<c8', 'fortran_order': False, 'shape': (), }"), "element type '<c8'"],
    ['numbers of the order of who knows which machine', npy(fields.replace('<', '=')), "element type '=f4'"],
    ['records', npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }"), 'not understood'],
    ['code', npy("{'descr': exit(), 'fortran_order': False, 'shape': (), }"), 'not understood'],
    ['a field twice', npy(`${fields.slice(0, -1)}'shape': (1,)}`), 'not understood'],
    ['a field too few', npy("{'descr': '<f4', 'shape': (1,)}"), 'not understood'],
    ['a shape that is a number', npy(fields.replace('(1,)', '(1)')), 'a shape that is none'],
    ['a shape of 2^60', npy(fields.replace('(1,)', `(${2 ** 30}, ${2 ** 30})`)), 'a shape that is none'],
    ['more values than there are', npy(fields.replace('(1,)', '(1000000000,)')), 'takes 4000000128'],
    ['version 4', npy(fields, '1234', '\x04\0'), 'has version 4.0'],
    ['a header of 4 GiB', bytesOf('\x93NUMPY\x02\0\xff\xff\xff\xff'), 'a header of at most 10000 bytes'],
    ['a header that ends early', bytesOf('\x93NUMPY\x01\0\x76\0{}'), 'ends within its header'],
    ['something else', bytesOf('hello, this is a text'), 'is no .npy file'],
  ])('an array of %s', async (_, content, message) => expectRefused(makeZip([{ name: 'a.npy', content }]), message));
});

describe('pickles', () => {
  const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const int = (value: number) => `\x8a\x08${Buffer.from(BigInt64Array.of(BigInt(value)).buffer).toString('latin1')}`;
  const storage = (count: number) => `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}${int(count)}tQ`;
  const tensor = ({ count = 4, offset = 0, shape = [4], strides = [1] }) =>
    `ctorch._utils\n_rebuild_tensor_v2\n(${storage(count)}${int(offset)}(${shape.map(int).join('')}t(${strides.map(int).join('')}t\x89}tR`;
  const dict = (value: string) => `}${text('w')}${value}s`;
  const archive = (pickle: string, others: Made[] = [{ name: 'a/data/0', content: new Uint8Array(16) }]) =>
    makeZip([{ name: 'a/data.pkl', content: bytesOf(`\x80\x02${pickle}.`) }, ...others]);
  const scripted: Made[] = [{ name: 'a/constants.pkl', content: new Uint8Array(1) }];
  const module = '__torch__\nM\n';

  test('a sound one is read', async () => {
    const file = await openTensorFile(bytesSource(archive(dict(tensor({}))), 'file'));
    expect((await file.read('w')).values).toEqual(new Float32Array(4));
  });

  // Lists that grow after they were checked would make a tensor that reads past its storage.
  test('a tensor keeps its shape when the pickle goes on to change the list of it', async () => {
    const shaped = `ctorch._utils\n_rebuild_tensor_v2\n(${storage(4)}K\0]q\x07(K\x04eK\x01\x85\x89}tR`;
    const file = await openTensorFile(bytesSource(archive(`${dict(shaped)}h\x07K\x02a0`), 'file'));
    expect(file.tensors.w.shape).toEqual([4]);
  });

  // Opening a file from the internet would run what its author likes.
  test.each([
    ['by name', 'cos\nsystem\n', 'this file would call os.system'],
    ['by name from texts', `${text('builtins')}${text('eval')}\x93`, 'this file would call builtins.eval'],
    ['of TorchScript where there is none', `c${module}`, 'this file would call __torch__.M'],
    [
      'by a nested name',
      `${text('torch._utils')}${text('_rebuild_tensor_v2.__globals__')}\x93`,
      'would call torch._utils._rebuild_tensor_v2.__globals__',
    ],
    ['of Object.prototype', 'ctoString\nconstructor\n', 'would call toString.constructor'],
    ['that is a value', `${text('f')})R`, 'it calls what is no function'],
    ['that is a type', 'ctorch\nfloat32\n)R', 'it calls torch.float32, which is no function'],
    ['of an old instruction', '(ios\nsystem\n', 'instruction 0x69'],
    ['complex tensors', 'ctorch\nComplexFloatStorage\n', 'its tensors are of ComplexFloat, which is not read'],
  ])('calls of something %s', async (_, pickle, message) => expectRefused(archive(pickle), message));

  test.each([
    ['nested a million deep', '('.repeat(1e6), 'it takes a value where there is none'],
    ['of tuples a million deep', `)${'\x85'.repeat(1e6)}`, 'is no dict'],
    [
      'that doubles a thousand times',
      `${dict(')')}${`)${'2\x86'.repeat(1000)}`}Ns`,
      'no tensors are in it, nor under state_dict, model, module, teacher; it has w, (object)',
    ],
    ['with a key twice that doubles', `})${'2\x86'.repeat(1000)}q\0Nsh\0Ns`, 'the key (object) stands twice'],
    ['that contains itself', '}q\0Nh\0s', 'no tensors are in it'],
    ['that remembers too much', `N${'\x94'.repeat(2_100_000)}`, 'more than 2000000 objects'],
    ['with too many values', 'N'.repeat(2_100_000), 'more than 2000000 values at once'],
    ['with too many dicts', '}0'.repeat(2_100_000), 'more than 2000000 objects'],
    ['with a number of 2 GB', '\x8b\xff\xff\xff\x7f', '2147483647 bytes are claimed'],
    ['with a text of 2^63 bytes', '\x8d\0\0\0\0\0\0\0\x80', '9223372036854776000 bytes are claimed'],
    ['with a long number', `\x8a\xff${'\x01'.repeat(255)}`, 'a whole number of 255 bytes'],
    ['of protocol 6', '\x80\x06N', 'protocol 6 came'],
    ['that ends early', 'M', 'ends in the middle'],
    ['that is a list', ']', 'is no dict'],
  ])('one %s', async (_, pickle, message) => expectRefused(archive(pickle), message));

  test.each<[string, Parameters<typeof tensor>[0], string]>([
    ['of more elements than its storage', { shape: [5] }, 'takes 20 bytes of storage 0, which has 16'],
    ['past the end of its storage', { offset: 1 }, 'takes 20 bytes'],
    ['with wide strides', { shape: [2, 2], strides: [3, 1] }, 'takes 20 bytes'],
    ['of 2^40 elements, all the same', { shape: [2 ** 40], strides: [0] }, 'repeats the elements of storage 0'],
    ['of 2^60 elements', { shape: [2 ** 30, 2 ** 30], strides: [0, 0] }, 'has a shape that is none'],
    ['of a length below zero', { shape: [-4] }, 'has a shape that is none'],
    ['of 65 axes', { shape: new Array(65).fill(1), strides: new Array(65).fill(1) }, 'has a shape that is none'],
    ['with strides below zero', { offset: 3, strides: [-1] }, 'strides or an offset that are none'],
    ['with too few strides', { shape: [2, 2] }, 'strides or an offset that are none'],
    ['whose storage claims another size', { count: 5 }, 'storage 0 of tensor "w" has 16 bytes, but claims 20'],
  ])('a tensor %s', async (_, given, message) => expectRefused(archive(dict(tensor(given))), message));

  test.each<[string, Uint8Array, string]>([
    ['without the storage', archive(dict(tensor({})), []), 'storage 0 of tensor "w" is not in the archive'],
    ['with two pickles', archive(dict(tensor({})), [{ name: 'b/data.pkl', content: bytesOf('N.') }]), 'this one has 2'],
    [
      'of an unknown byte order',
      archive(dict(tensor({})), [
        { name: 'a/data/0', content: new Uint8Array(16) },
        { name: 'a/byteorder', content: bytesOf('mixed') },
      ]),
      'neither little nor big',
    ],
    ['of a module that contains itself', archive(`c${module})\x81q\0}${text('a')}h\0sb`, scripted), 'nested more than 100 deep'],
    [
      'of modules that double',
      archive(`c${module}q\0)\x81${`q\x01h\0)\x81}(${text('a')}h\x01${text('b')}h\x01ub`.repeat(60)}`, scripted),
      'more than 1000000 attributes',
    ],
    ['of an attribute without a name', archive(`c${module})\x81}NNsb`, scripted), 'an attribute of a module has no name'],
  ])('an archive %s', async (_, bytes, message) => expectRefused(bytes, message));
});
