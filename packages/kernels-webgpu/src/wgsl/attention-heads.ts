import type { Access } from '../shader.ts';

/** What every attention shader is specialised by. */
export type AttentionVariant = {
  /** 1 to {@link MOST_HEAD_SIZE}. */
  readonly headSize: number;
  readonly isMasked: boolean;
  readonly isRotary: boolean;
};

/** Accumulators of longer heads would not fit into registers. */
export const MOST_HEAD_SIZE = 128;

/** How tensors made of heads are read: four numbers at once where every head is whole vectors. */
export function readHeads(headSize: number): Access {
  return headSize % 4 === 0 ? 'read4' : 'read';
}

/** How tensors made of heads are written. */
export function writeHeads(headSize: number): Access {
  return headSize % 4 === 0 ? 'write4' : 'write';
}

/**
 * Those of all attention shaders; `rotaryStride` is how many elements of a table belong to a sample, 0 where all samples share them.
 * `vectors` is the constant `VECTORS`, for loops that drivers shall not unroll.
 */
export const attentionUniforms = {
  batch: 'u32',
  tokens: 'u32',
  heads: 'u32',
  rotaryStride: 'u32',
  causal: 'u32',
  vectors: 'u32',
  scale: 'f32',
} as const;

/** What both gradients bind. */
export function gradientBindings({ headSize }: AttentionVariant): Record<string, Access> {
  return {
    dy: readHeads(headSize),
    qkv: readHeads(headSize),
    y: readHeads(headSize),
    logSumExp: 'read',
    keyMask: 'read',
    cosines: readHeads(headSize),
    sines: readHeads(headSize),
    dQkv: writeHeads(headSize),
  };
}

/** Lines of WGSL for 0 to count - 1. Registers that are told apart by name stay registers; elements of an array may not. */
export function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

/**
 * `head_vector(kind, token, d)`, the `d`-th vector of four of a token in the head `head` of the sample `sample`. The kind is `Q` (scaled
 * and turned), `K` (turned), `V`, or with `hasDy` the gradient `DY`. Numbers past the end of a head are 0. With `hasDy` also `read_y` and
 * `kept_of(token)`, its `logSumExp`.
 */
export function attentionHeads({ headSize, isRotary }: AttentionVariant, { hasDy }: { hasDy: boolean }): string {
  return /* wgsl */ `
const HEAD = ${headSize % 4 === 0 ? headSize / 4 : headSize}u; // elements of a head
const VECTORS = ${Math.ceil(headSize / 4)}u; // of four numbers, of a head; the last may be partly empty
const Q = 0u;
const K = 1u;
const V = 2u;
const DY = 3u;
const MASKED = -1e30;
var<private> sample: u32;
var<private> head: u32;

fn part_of_qkv(token: u32, part: u32) -> u32 {
  return (((sample * u.tokens + token) * 3 + part) * u.heads + head) * HEAD;
}
fn part_of_y(token: u32) -> u32 {
  return ((sample * u.tokens + token) * u.heads + head) * HEAD;
}
${readFour('qkv', headSize)}
${hasDy ? gradientReads(headSize) : ''}
${isRotary ? rotation(headSize) : ''}
fn head_vector(kind: u32, token: u32, d: u32) -> vec4f {
  ${hasDy ? 'if (kind == DY) { return read_dy(part_of_y(token), d); }' : ''}
  let x = read_qkv(part_of_qkv(token, kind), d) * select(1, u.scale, kind == Q);
  ${isRotary ? 'if (kind != V) { return turned(x, token, d); }' : ''}
  return x;
}`;
}

/** Which block of `rows` tokens this workgroup has, from `first_row` on, of which head and sample. */
export function headPlace(rows: number): string {
  return /* wgsl */ `
  let blocks = (u.tokens + ${rows - 1}) / ${rows};
  let index = workgroup_index(id, count);
  if (index >= blocks * u.heads * u.batch) {
    return;
  }
  head = index / blocks % u.heads;
  sample = index / blocks / u.heads;
  let first_row = index % blocks * ${rows};`;
}

function gradientReads(headSize: number): string {
  return /* wgsl */ `
${readFour('dy', headSize)}
${readFour('y', headSize)}
fn kept_of(token: u32) -> f32 {
  return logSumExp[(head * u.batch + sample) * u.tokens + min(token, u.tokens - 1)];
}`;
}

/** `turned` and its transpose, `turned_back`: pairs by the angles of their token. */
function rotation(headSize: number): string {
  return /* wgsl */ `
${readFour('cosines', headSize)}
${readFour('sines', headSize)}
fn turned(x: vec4f, token: u32, d: u32) -> vec4f {
  let start = sample * u.rotaryStride + token * HEAD;
  return x * read_cosines(start, d) + vec4f(-x.y, x.x, -x.w, x.z) * read_sines(start, d);
}
fn turned_back(dx: vec4f, token: u32, d: u32) -> vec4f {
  let start = sample * u.rotaryStride + token * HEAD;
  let t = dx * read_sines(start, d);
  return dx * read_cosines(start, d) + vec4f(t.y, -t.x, t.w, -t.z);
}`;
}

/** `read_x(start, d)`: the `d`-th vector of four of the head that begins at the element `start`. */
function readFour(name: string, headSize: number): string {
  const signature = `fn read_${name}(start: u32, d: u32) -> vec4f`;
  if (headSize % 4 === 0) return `${signature} { return vec4f(${name}[start + d]); }`;
  const number = (i: number) => `select(0.0, f32(${name}[start + min(4 * d + ${i}, HEAD - 1)]), 4 * d + ${i} < HEAD)`;
  return `${signature} { return vec4f(${[0, 1, 2, 3].map(number).join(', ')}); }`;
}

/** `write_x(start, d, value)`: the same place, written. */
export function writeFour(name: string, headSize: number): string {
  const signature = `fn write_${name}(start: u32, d: u32, value: vec4f)`;
  if (headSize % 4 === 0) return `${signature} { ${name}[start + d] = ${name}_element(value); }`;
  const number = (i: number) => `  if (4 * d + ${i} < HEAD) { ${name}[start + 4 * d + ${i}] = ${name}_element(value[${i}]); }`;
  return `${signature} {\n${lines(4, number)}\n}`;
}
