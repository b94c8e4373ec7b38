import type { Shader } from '../shader.ts';
import { numbersAccess } from '../wgsl/row-slices.ts';
import { type RowTile, rowTileCode, rowTileUniforms } from '../wgsl/row-tile.ts';

/** `y[k] = table[rows[k]]`, zeros for a row outside the table. One number (or four) per invocation; `columns` counts those. */
export const takeRows: Shader<{ vector: boolean }> = {
  name: 'takeRows',
  bindings: ({ vector }) => ({
    table: numbersAccess('read', vector),
    rows: 'read',
    y: numbersAccess('write', vector),
  }),
  uniforms: { count: 'u32', columns: 'u32', tableRows: 'u32' },
  code: ({ vector }) => /* wgsl */ `
alias Numbers = ${vector ? 'vec4f' : 'f32'};
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i >= u.count) {
    return;
  }
  let row = u32(rows[i / u.columns]); // a negative one lies beyond every table
  var value = Numbers();
  if (row < u.tableRows) {
    value = Numbers(table[row * u.columns + i % u.columns]);
  }
  y[i] = y_element(value);
}
`,
};

/**
 * The transpose of {@link takeRows}: row k of `dy` added to row `rows[k]` of `dTable`, over k in order.
 *
 * A workgroup owns 16 rows of the table. It goes through all of `rows`, or those of its bin, 1024 at a time, and lists in workgroup memory
 * those k that belong to one of its rows, in order: a bit for each of the 1024 tells where it goes in the list. A further bit for each pair
 * of row and place in the list says which are whose. When the next ones may not fit, and at the end, the list is worked off: `lanes` invocations share a row of
 * the table, go along the bits of that row, and add what is listed to what `dTable` holds, if they have written to it before. So a row
 * is written once unless more than about 1024 of the k fall on the 16 rows.
 */
export const takeRowsGrad: Shader<RowTile> = {
  name: 'takeRowsGrad',
  bindings: ({ vector }) => ({
    dy: numbersAccess('read', vector),
    rows: 'read',
    order: 'read',
    starts: 'read',
    dTable: numbersAccess('write', vector),
  }),
  uniforms: rowTileUniforms,
  code: (tile) => /* wgsl */ `
${rowTileCode(tile)}
const CAPACITY = 1024u;
const WORDS = CAPACITY / 32;
var<workgroup> found: array<atomic<u32>, WORDS>;
var<workgroup> list: array<u32, CAPACITY>;
var<workgroup> owned: array<array<atomic<u32>, WORDS>, TILE_ROWS>;
var<workgroup> touched: atomic<u32>;
var<workgroup> next_length: u32;

fn value_of(place: u32, column: u32) -> Numbers {
  return Numbers(dy[list[place] * u.columns + column]);
}

// Adds the listed rows to the table, and gives the rows of the tile written so far.
fn work_off(base: u32, written: u32, length: u32, lane: u32) -> u32 {
  let some = atomicLoad(&touched);
  for (var r = lane / LANES; r < TILE_ROWS; r += 256 / LANES) {
    if (((some >> r) & 1) == 0) {
      continue;
    }
    let start = (base + r) * u.columns;
    for (var column = lane % LANES; column < u.columns; column += LANES) {
      var sum = Numbers();
      if (((written >> r) & 1) == 1) {
        sum = Numbers(dTable[start + column]);
      }
      for (var word = 0u; word * 32 < length; word++) {
        var bits = atomicLoad(&owned[r][word]);
        // Four loads under way at once; they are added in order.
        while (countOneBits(bits) >= 4) {
          let a = value_of(word * 32 + firstTrailingBit(bits), column);
          bits &= bits - 1;
          let b = value_of(word * 32 + firstTrailingBit(bits), column);
          bits &= bits - 1;
          let c = value_of(word * 32 + firstTrailingBit(bits), column);
          bits &= bits - 1;
          let d = value_of(word * 32 + firstTrailingBit(bits), column);
          bits &= bits - 1;
          sum = (((sum + a) + b) + c) + d;
        }
        while (bits != 0) {
          sum += value_of(word * 32 + firstTrailingBit(bits), column);
          bits &= bits - 1;
        }
      }
      dTable[start + column] = dTable_element(sum);
    }
  }
  return written | some;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = workgroup_index(group, groups) * TILE_ROWS;
  var length = 0u; // of the list
  var written = 0u;
  let places = places_of(base);
  for (var start = places.x; start < places.y; start += CAPACITY) {
    if (lane < WORDS) {
      atomicStore(&found[lane], 0);
    }
    workgroupBarrier();
    for (var j = 0u; j < CAPACITY; j += 256) {
      if (tile_row(start + j + lane, places.y, base) < TILE_ROWS) {
        atomicOr(&found[(j + lane) / 32], 1u << (lane % 32));
      }
    }
    workgroupBarrier();
    if (lane == 0) {
      var sum = 0u;
      for (var word = 0u; word < WORDS; word++) {
        sum += countOneBits(atomicLoad(&found[word]));
      }
      next_length = length + sum;
    }
    var after = workgroupUniformLoad(&next_length);
    if (after > CAPACITY) {
      written = work_off(base, written, length, lane);
      workgroupBarrier();
      clear(lane);
      after -= length;
      length = 0;
      workgroupBarrier();
    }
    if (after > length) {
      for (var j = 0u; j < CAPACITY; j += 256) {
        let listed = start + j + lane;
        let row = tile_row(listed, places.y, base);
        if (row < TILE_ROWS) {
          let word = (j + lane) / 32;
          var place = length + countOneBits(atomicLoad(&found[word]) & ((1u << (lane % 32)) - 1));
          for (var earlier = 0u; earlier < word; earlier++) {
            place += countOneBits(atomicLoad(&found[earlier]));
          }
          list[place] = index_at(listed);
          atomicOr(&owned[row][place / 32], 1u << (place % 32));
          atomicOr(&touched, 1u << row);
        }
      }
    }
    length = after;
    workgroupBarrier();
  }
  written = work_off(base, written, length, lane);
  for (var r = lane / LANES; r < TILE_ROWS; r += 256 / LANES) {
    if (((written >> r) & 1) == 0 && base + r < u.tableRows) {
      for (var column = lane % LANES; column < u.columns; column += LANES) {
        dTable[(base + r) * u.columns + column] = dTable_element(Numbers());
      }
    }
  }
}

fn clear(lane: u32) {
  for (var i = lane; i < WORDS * TILE_ROWS; i += 256) {
    atomicStore(&owned[i / WORDS][i % WORDS], 0);
  }
  if (lane == 0) {
    atomicStore(&touched, 0);
  }
}
`,
};
