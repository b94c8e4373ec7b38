import type { Shader } from '../shader.ts';
import { numbersAccess } from '../wgsl/row-slices.ts';
import { type RowTile, rowTileCode, rowTileUniforms } from '../wgsl/row-tile.ts';

/**
 * A copy of `base` with row `rows[k]` replaced by row k of `values`, by the last such k; rows outside are left out.
 *
 * A workgroup owns 16 rows of the result. It goes through all of `rows`, or those of its bin, keeps the largest k for each of its rows in workgroup memory, and
 * then copies them from where they come, `lanes` invocations to a row.
 */
export const putRows: Shader<RowTile> = {
  name: 'putRows',
  bindings: ({ vector }) => ({
    base: numbersAccess('read', vector),
    values: numbersAccess('read', vector),
    rows: 'read',
    order: 'read',
    starts: 'read',
    y: numbersAccess('write', vector),
  }),
  uniforms: rowTileUniforms,
  code: (tile) => /* wgsl */ `
${rowTileCode(tile)}
// 1 + the last k; 0 where there is none.
var<workgroup> last: array<atomic<u32>, TILE_ROWS>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = workgroup_index(group, groups) * TILE_ROWS;
  let places = places_of(first);
  for (var place = places.x + lane; place < places.y; place += 256) {
    let row = tile_row(place, places.y, first);
    if (row < TILE_ROWS) {
      atomicMax(&last[row], index_at(place) + 1);
    }
  }
  workgroupBarrier();
  for (var r = lane / LANES; r < TILE_ROWS; r += 256 / LANES) {
    if (first + r < u.tableRows) {
      let after = atomicLoad(&last[r]);
      for (var column = lane % LANES; column < u.columns; column += LANES) {
        let target_index = (first + r) * u.columns + column;
        if (after == 0) {
          y[target_index] = y_element(base[target_index]);
        } else {
          y[target_index] = y_element(values[(after - 1) * u.columns + column]);
        }
      }
    }
  }
}
`,
};
