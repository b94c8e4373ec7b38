/** How a matrix lies in memory: which axis is contiguous (the depth, or that across it: rows of `a`, columns of `b`). */
export type TileLoad = {
  readonly along: 'depth' | 'across';
  /** Elements that are read at once: 4 only where offset, pitch and the contiguous axis are multiples of 4. */
  readonly width: 1 | 4;
  /** Whether each element is multiplied by that of `multiplier` at the same place. */
  readonly multiplied: boolean;
};

/**
 * `fn NAME_at(across: u32, k: u32, base: u32, end: u32)`: the element of matrix `NAME` at a place across and one along the depth, or four
 * along its contiguous axis, an `f32` or `vec4f`; 0 outside of the matrix and from `end` on.
 *
 * @param length the length across
 */
export function elementAt(name: 'a' | 'b', length: string, { along, width, multiplied }: TileLoad): string {
  const type = width === 4 ? 'vec4f' : 'f32';
  const index = width === 4 ? 'i / 4' : 'i';
  const place = along === 'depth' ? `across * u.${name}_pitch + k` : `k * u.${name}_pitch + across`;
  return `
fn ${name}_at(across: u32, k: u32, base: u32, end: u32) -> ${type} {
  let inside = across < ${length} && k < end;
  let i = select(0, base + ${place}, inside);
  return select(${type}(), ${type}(${name}[${index}])${multiplied ? ` * ${type}(multiplier[${index}])` : ''}, inside);
}`;
}

/**
 * `fn NAME_load(i: u32, base: u32, first: u32, k0: u32, end: u32)`: loads piece `i` of the tile of matrix `NAME` that begins at `first`
 * across and `k0` along the depth into `NAMETile[k][across / 4]`; 0 outside of the matrix and from `end` on.
 *
 * A piece is 4 elements across, or `4 x 4` where vectors are read along the depth, which are transposed on the way. Neighbouring
 * invocations read what is contiguous.
 *
 * @param length the length across
 * @param store a statement that stores the vector `value` as number `at` of the tile; by default the tile is an array of `vec4f`
 */
export function tileLoad(
  name: 'a' | 'b',
  length: string,
  load: TileLoad,
  store = (at: string, value: string) => `${name}Tile[${at}] = ${value};`,
): string {
  const vectors = `${name.toUpperCase()}_VECTORS`;
  const at = (across: string) => `${name}_at(${across}, k, base, end)`;
  const ofFour = `vec4f(${[0, 1, 2, 3].map((j) => at(`across + ${j}`)).join(', ')})`;
  const bodies = {
    depth4: `
  let k_piece = i % (TILE_DEPTH / 4);
  let piece = i / (TILE_DEPTH / 4);
  let k = k0 + 4 * k_piece;
  let across = first + 4 * piece;
  let four = transpose(mat4x4f(${[0, 1, 2, 3].map((j) => at(`across + ${j}`)).join(', ')}));
  let to = 4 * k_piece * ${vectors} + piece;
  ${[0, 1, 2, 3].map((j) => store(`to + ${j} * ${vectors}`, `four[${j}]`)).join('\n  ')}`,
    across4: `
  let k = k0 + i / ${vectors};
  let across = first + 4 * (i % ${vectors});
  ${store('i', at('across'))}`,
    depth1: `
  let k = k0 + i % TILE_DEPTH;
  let across = first + 4 * (i / TILE_DEPTH);
  ${store(`(i % TILE_DEPTH) * ${vectors} + i / TILE_DEPTH`, ofFour)}`,
    across1: `
  let k = k0 + i / ${vectors};
  let across = first + 4 * (i % ${vectors});
  ${store('i', ofFour)}`,
  };
  return `
${elementAt(name, length, load)}
fn ${name}_load(i: u32, base: u32, first: u32, k0: u32, end: u32) {${bodies[`${load.along}${load.width}`]}
}`;
}
