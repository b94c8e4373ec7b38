import { VitrailError } from '@vitrail/core';
import { type PickleHooks, readPickle } from './pickle.ts';
import { type Layout, span } from './strided.ts';
import { type Dtype, dtypes, elementCount } from './tensor-data.ts';

/** Memory that tensors lie in: the member `data/KEY` of the archive, `bytes` of it. */
export type TorchStorage = {
  readonly kind: 'storage';
  readonly key: string;
  readonly bytes: number;
  readonly dtype: Dtype | undefined;
};

/** A tensor: which elements of which storage. */
export type TorchTensor = Layout & { readonly kind: 'tensor'; readonly dtype: Dtype; readonly storage: TorchStorage };

/** An object of a class that is taken for nothing but its attributes. */
export type TorchObject = { readonly kind: 'object'; readonly className: string; attributes?: ReadonlyMap<unknown, unknown> };

/** Whether a value in a pickle is a tensor. */
export const isTensor = (value: unknown): value is TorchTensor => isKind(value, 'tensor');
/** Whether a value in a pickle is an object of a class. */
export const isObject = (value: unknown): value is TorchObject => isKind(value, 'object');

/** What a pickle refers to by name. `call` says what calling it gives; what has none is no function. */
type TorchGlobal = { kind: 'global'; name: string; dtype?: Dtype; call?: (args: readonly unknown[]) => unknown };

/** A tensor with strides of 0 has more elements than its storage: at most this many, so that no small file asks for all memory. */
const mostRepeated = 2 ** 24;

/**
 * Reads the pickle of a file that `torch.save` or `torch.jit.save` wrote: dicts, lists, numbers, texts, tensors. Runs none of it; the
 * functions that rebuild tensors (`torch/_utils.py`) are known by name, every other name is refused.
 *
 * @param isScripted classes of TorchScript (`__torch__.*`) become {@link TorchObject}s.
 * @throws `corrupt-data` naming what the file would call, or what is damaged.
 */
export function readTorchPickle(bytes: Uint8Array, { isScripted }: { isScripted: boolean }): unknown {
  const hooks: PickleHooks = {
    global(name) {
      const known = globals.get(name);
      if (known !== undefined) return known;
      if (isScripted && name.startsWith('__torch__.')) return plainClass(name);
      throw refused(name);
    },
    call(callee, args) {
      if (!isKind<TorchGlobal>(callee, 'global')) throw corrupt('it calls what is no function');
      if (callee.call === undefined) throw corrupt(`it calls ${callee.name}, which is no function`);
      return callee.call(args);
    },
    build(object, state) {
      // What a dict has beside its items: of a state dict, the versions of its modules.
      if (object instanceof Map) return;
      if (!isObject(object) || !(state instanceof Map) || object.attributes !== undefined) {
        throw corrupt('it gives a state to what has none, or has one already');
      }
      object.attributes = state;
    },
    persistent: makeStorage,
  };
  return readPickle(bytes, hooks);
}

const storageTypes: readonly (readonly [string, Dtype])[] = [
  ['BoolStorage', 'BOOL'],
  ['ByteStorage', 'U8'],
  ['CharStorage', 'I8'],
  ['ShortStorage', 'I16'],
  ['IntStorage', 'I32'],
  ['LongStorage', 'I64'],
  ['HalfStorage', 'F16'],
  ['BFloat16Storage', 'BF16'],
  ['FloatStorage', 'F32'],
  ['DoubleStorage', 'F64'],
];

const elementTypes: readonly (readonly [string, Dtype])[] = [
  ['bool', 'BOOL'],
  ['uint8', 'U8'],
  ['int8', 'I8'],
  ['int16', 'I16'],
  ['uint16', 'U16'],
  ['int32', 'I32'],
  ['uint32', 'U32'],
  ['int64', 'I64'],
  ['uint64', 'U64'],
  ['float16', 'F16'],
  ['bfloat16', 'BF16'],
  ['float32', 'F32'],
  ['float64', 'F64'],
];

/** The most axes of a tensor: what PyTorch allows. */
const mostAxes = 64;

/**
 * What stands for itself: a tensor, whether or not it is a parameter; a set, as the list of its items; bytes, as the text that protocol 2
 * writes of them. Nothing is copied: a file could ask for that again and again.
 */
const firstArgument = ([first = null]: readonly unknown[]) => first;

const functions: readonly (readonly [string, (args: readonly unknown[]) => unknown])[] = [
  ['torch._utils._rebuild_tensor', ([storage, offset, shape, strides]) => makeTensor(storage, offset, shape, strides)],
  ['torch._utils._rebuild_tensor_v2', ([storage, offset, shape, strides]) => makeTensor(storage, offset, shape, strides)],
  [
    'torch._utils._rebuild_tensor_v3',
    ([storage, offset, shape, strides, , , type]) => makeTensor(storage, offset, shape, strides, type),
  ],
  ['torch._utils._rebuild_parameter', firstArgument],
  ['torch._utils._rebuild_parameter_with_state', firstArgument],
  ['torch.jit._pickle.restore_type_tag', firstArgument],
  ...['int', 'double', 'bool', 'tensor'].map((type) => [`torch.jit._pickle.build_${type}list`, firstArgument] as const),
  ['torch.Size', firstArgument],
  ['torch.device', firstArgument],
  [
    'collections.OrderedDict',
    (args) => {
      if (args.length > 0) throw corrupt('it makes a dict of a list');
      return new Map();
    },
  ],
  ...['__builtin__.set', '__builtin__.bytes', 'builtins.set', 'builtins.bytes', '_codecs.encode'].map(
    (name) => [name, firstArgument] as const,
  ),
];

const globals: ReadonlyMap<string, TorchGlobal> = new Map(
  [
    ...storageTypes.map(([name, dtype]): TorchGlobal => ({ kind: 'global', name: `torch.${name}`, dtype })),
    ...elementTypes.map(([name, dtype]): TorchGlobal => ({ kind: 'global', name: `torch.${name}`, dtype })),
    { kind: 'global', name: 'torch.storage.UntypedStorage' } as const,
    ...functions.map(([name, call]): TorchGlobal => ({ kind: 'global', name, call })),
    plainClass('argparse.Namespace'),
  ].map((global) => [global.name, global]),
);

function plainClass(name: string): TorchGlobal {
  return { kind: 'global', name, call: (): TorchObject => ({ kind: 'object', className: name }) };
}

/** `('storage', type, key, device, elements)`; an untyped storage counts bytes. */
function makeStorage(id: unknown): TorchStorage {
  const [what, type, key, , count]: readonly unknown[] = Array.isArray(id) ? id : [];
  if (what !== 'storage' || !isKind<TorchGlobal>(type, 'global') || type.call !== undefined || typeof key !== 'string') {
    throw corrupt('what it keeps elsewhere is no storage');
  }
  const elements = elementCount([count]);
  if (elements === undefined) throw corrupt(`the size of storage ${key} is none`);
  return { kind: 'storage', key, bytes: elements * (type.dtype === undefined ? 1 : dtypes[type.dtype].bytes), dtype: type.dtype };
}

function makeTensor(storage: unknown, offset: unknown, shape: unknown, strides: unknown, type?: unknown): TorchTensor {
  if (!isKind<TorchStorage>(storage, 'storage')) throw corrupt('a tensor has no storage');
  const dtype = isKind<TorchGlobal>(type, 'global') ? type.dtype : storage.dtype;
  if (dtype === undefined) throw corrupt(`a tensor in storage ${storage.key} has no element type`);
  const count = Array.isArray(shape) && shape.length <= mostAxes ? elementCount(shape) : undefined;
  if (!Array.isArray(shape) || count === undefined) throw corrupt(`a tensor in storage ${storage.key} has a shape that is none`);
  if (!Array.isArray(strides) || strides.length !== shape.length || !strides.every(isCount) || !isCount(offset))
    throw corrupt(`a tensor in storage ${storage.key} has strides or an offset that are none`);
  // Copies: a pickle can go on to append to its lists.
  const layout = { shape: [...shape], strides: [...strides], offset };
  const needed = count === 0 ? 0 : (offset + span(layout)) * dtypes[dtype].bytes;
  if (!(needed <= storage.bytes)) {
    throw corrupt(
      `a tensor of shape [${layout.shape}] takes ${needed} bytes of storage ${storage.key}, which has ${storage.bytes}`,
    );
  }
  if (count * dtypes[dtype].bytes > storage.bytes && count > mostRepeated) {
    throw corrupt(
      `a tensor of shape [${layout.shape}] repeats the elements of storage ${storage.key}, which has ${storage.bytes} bytes`,
    );
  }
  return { kind: 'tensor', dtype, storage, ...layout };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isKind<T extends { kind: string }>(value: unknown, kind: T['kind']): value is T {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

function refused(name: string): VitrailError {
  const type = /^torch\.(\w+)Storage$/.exec(name)?.[1];
  if (type !== undefined) return corrupt(`its tensors are of ${type}, which is not read`);
  const mend = 'where you trust the file, load it in Python and save its state dict alone: torch.save(model.state_dict(), path)';
  return corrupt(`this file would call ${name}, and only what rebuilds tensors is known here; ${mend}`);
}

function corrupt(what: string): VitrailError {
  return new VitrailError('corrupt-data', `not a sound pickle of tensors: ${what}`);
}
