import { isVitrailError, VitrailError } from '@vitrail/core';

/** What a name in a pickle stands for, to the one who reads it: nothing is looked up anywhere else, and nothing is run but this. */
export type PickleHooks = {
  /** What `module.name` stands for. Throws for names that have no business there. */
  global(name: string): unknown;
  /** What calling one of these gives: anything but `undefined`, as all of these. */
  call(callee: unknown, args: readonly unknown[]): unknown;
  /** Gives `object`, made by a call, its state. */
  build(object: unknown, state: unknown): void;
  /** What is kept outside of the pickle. */
  persistent(id: unknown): unknown;
};

/** The longest pickle, in bytes, and the most that one may hold: lists, dicts, calls and remembered values together. */
export const longestPickle = 100_000_000;
const mostObjects = 2_000_000;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The most digits of a whole number, in bytes. */
const longestInteger = 64;

/**
 * Reads a pickle of protocols 2 to 5 (Python's pickletools) without running any of it.
 *
 * None is `null`; whole numbers past 2^53 are bigints; lists and tuples are arrays, dicts maps, sets sets, bytes `Uint8Array`s. Values that
 * stand for something else come from `hooks`. Nesting costs no stack, and what is remembered is shared, not copied: a small pickle stays small.
 *
 * @throws `corrupt-data` for what is damaged, and for instructions that `torch.save` does not write; what `hooks` throw.
 */
export function readPickle(bytes: Uint8Array, hooks: PickleHooks): unknown {
  const machine = startMachine(bytes, hooks);
  try {
    for (;;) {
      const code = machine.unsigned(1);
      if (code === 0x2e) return machine.pop();
      const step = instructions[code];
      if (step === undefined)
        throw corrupt(`instruction 0x${code.toString(16)} at byte ${machine.at() - 1} is none that torch.save writes`);
      step(machine);
    }
  } catch (cause) {
    if (isVitrailError(cause) || !(cause instanceof RangeError)) throw cause;
    throw corrupt('it ends in the middle', cause);
  }
}

type Machine = ReturnType<typeof startMachine>;

function startMachine(bytes: Uint8Array, hooks: PickleHooks) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let stack: unknown[] = [];
  const marked: unknown[][] = [];
  const memo: unknown[] = [];
  let remembered = 0;
  let objects = 0;

  function count(): void {
    if (++objects > mostObjects) throw corrupt(`it holds more than ${mostObjects} objects`);
  }
  function take(length: number): Uint8Array {
    if (length > bytes.length - at) throw corrupt(`${length} bytes are claimed at byte ${at}, but ${bytes.length - at} follow`);
    at += length;
    return bytes.subarray(at - length, at);
  }
  return {
    hooks,
    at: () => at,
    take,
    /** A whole number of 1, 2, 4 or 8 bytes. */
    unsigned(width: 1 | 2 | 4 | 8): number {
      at += width;
      if (width === 1) return view.getUint8(at - 1);
      if (width === 2) return view.getUint16(at - 2, true);
      return width === 4 ? view.getUint32(at - 4, true) : Number(view.getBigUint64(at - 8, true));
    },
    line(): string {
      const end = bytes.indexOf(0x0a, at);
      if (end < 0) throw corrupt('a name has no end');
      return text(take(end + 1 - at).subarray(0, -1));
    },
    view,
    push(value: unknown): void {
      if (stack.length >= mostObjects) throw corrupt(`it holds more than ${mostObjects} values at once`);
      stack.push(value);
    },
    /** A value that takes memory. */
    make(value: unknown): void {
      count();
      stack.push(value);
    },
    pop(): unknown {
      if (stack.length === 0) throw corrupt('it takes a value where there is none');
      return stack.pop();
    },
    top(): unknown {
      if (stack.length === 0) throw corrupt('it takes a value where there is none');
      return stack[stack.length - 1];
    },
    mark(): void {
      count();
      marked.push(stack);
      stack = [];
    },
    popMarked(): unknown[] {
      const values = stack;
      const before = marked.pop();
      if (before === undefined) throw corrupt('it closes what was never opened');
      stack = before;
      return values;
    },
    /** Under the next number, where none is given. */
    remember(index = remembered): void {
      count();
      if (memo[index] === undefined) remembered++;
      memo[index] = this.top();
    },
    recall(index: number): void {
      if (memo[index] === undefined) throw corrupt(`it recalls value ${index}, which was never remembered`);
      this.push(memo[index]);
    },
  };
}

const instructions: Readonly<Record<number, (machine: Machine) => void>> = {
  // Protocol and frame: how the bytes were written, nothing to be done.
  128: (m) => {
    const protocol = m.unsigned(1);
    if (protocol < 2 || protocol > 5) throw corrupt(`protocol ${protocol} came; 2 to 5 are read`);
  },
  149: (m) => void m.unsigned(8),
  // Marks and the stack.
  40: (m) => m.mark(),
  48: (m) => void m.pop(),
  49: (m) => void m.popMarked(),
  50: (m) => m.push(m.top()),
  // None, bools and numbers.
  78: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  75: (m) => m.push(m.unsigned(1)),
  77: (m) => m.push(m.unsigned(2)),
  74: (m) => m.push(m.unsigned(4) | 0),
  138: (m) => m.push(integer(m.take(m.unsigned(1)))),
  139: (m) => m.push(integer(m.take(m.unsigned(4)))),
  71: (m) => {
    m.take(8);
    m.push(m.view.getFloat64(m.at() - 8, false));
  },
  // Texts and bytes; those of Python 2 are taken for texts.
  140: (m) => m.make(text(m.take(m.unsigned(1)))),
  88: (m) => m.make(text(m.take(m.unsigned(4)))),
  141: (m) => m.make(text(m.take(m.unsigned(8)))),
  85: (m) => m.make(text(m.take(m.unsigned(1)))),
  84: (m) => m.make(text(m.take(m.unsigned(4)))),
  67: (m) => m.make(m.take(m.unsigned(1))),
  66: (m) => m.make(m.take(m.unsigned(4))),
  142: (m) => m.make(m.take(m.unsigned(8))),
  150: (m) => m.make(m.take(m.unsigned(8))),
  // Tuples, lists, dicts and sets.
  41: (m) => m.make([]),
  133: (m) => m.make([m.pop()]),
  134: (m) => m.make([m.pop(), m.pop()].reverse()),
  135: (m) => m.make([m.pop(), m.pop(), m.pop()].reverse()),
  116: (m) => m.make(m.popMarked()),
  93: (m) => m.make([]),
  97: (m) => append(m, [m.pop()]),
  101: (m) => append(m, m.popMarked()),
  125: (m) => m.make(new Map()),
  115: (m) => setItems(m, [m.pop(), m.pop()].reverse()),
  117: (m) => setItems(m, m.popMarked()),
  143: (m) => m.make(new Set()),
  144: (m) => {
    const values = m.popMarked();
    const set = m.top();
    if (!(set instanceof Set)) throw corrupt('it adds to what is no set');
    for (const value of values) set.add(value);
  },
  145: (m) => m.make(new Set(m.popMarked())),
  // The memo.
  113: (m) => m.remember(m.unsigned(1)),
  114: (m) => m.remember(m.unsigned(4)),
  148: (m) => m.remember(),
  104: (m) => m.recall(m.unsigned(1)),
  106: (m) => m.recall(m.unsigned(4)),
  // Names, calls, states and what is kept elsewhere: what these mean is up to the hooks.
  99: (m) => {
    const module = m.line();
    m.make(m.hooks.global(`${module}.${m.line()}`));
  },
  147: (m) => {
    const [name, module] = [m.pop(), m.pop()];
    if (typeof name !== 'string' || typeof module !== 'string') throw corrupt('a name is no text');
    m.make(m.hooks.global(`${module}.${name}`));
  },
  82: (m) => call(m, m.pop()),
  129: (m) => call(m, m.pop()),
  146: (m) => {
    const named = m.pop();
    if (!(named instanceof Map && named.size === 0)) throw corrupt('it makes an object with named arguments');
    call(m, m.pop());
  },
  98: (m) => {
    const state = m.pop();
    m.hooks.build(m.top(), state);
  },
  81: (m) => m.make(m.hooks.persistent(m.pop())),
};

function call(m: Machine, args: unknown): void {
  if (!Array.isArray(args)) throw corrupt('the arguments of a call are no tuple');
  m.make(m.hooks.call(m.pop(), args));
}

function append(m: Machine, values: readonly unknown[]): void {
  const list = m.top();
  if (!Array.isArray(list)) throw corrupt('it appends to what is no list');
  for (const value of values) list.push(value);
}

function setItems(m: Machine, pairs: readonly unknown[]): void {
  const dict = m.top();
  if (!(dict instanceof Map)) throw corrupt('it sets an item of what is no dict');
  if (pairs.length % 2 !== 0) throw corrupt('a key has no value');
  for (let i = 0; i < pairs.length; i += 2) {
    if (dict.has(pairs[i])) throw corrupt(`the key ${keyText(pairs[i])} stands twice`);
    dict.set(pairs[i], pairs[i + 1]);
  }
}

/** A key of a dict as text. What is no text and no number is not spelled out: lists that hold one another would have no end. */
export function keyText(key: unknown): string {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof key) ? String(key) : `(${typeof key})`;
}

/** Two's complement, the lowest byte first. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.length > longestInteger)
    throw corrupt(`a whole number of ${bytes.length} bytes came; ${longestInteger} are read at most`);
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return BigInt.asIntN(54, signed) === signed ? Number(signed) : signed;
}

function text(bytes: Uint8Array): string {
  // Python writes lone surrogates as three bytes each: these, which no name of a tensor has, become signs of replacement.
  return utf8.decode(bytes);
}

function corrupt(what: string, cause?: unknown): VitrailError {
  return new VitrailError('corrupt-data', `not a sound pickle: ${what}`, { cause });
}
