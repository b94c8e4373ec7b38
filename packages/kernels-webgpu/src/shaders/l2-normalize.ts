import type { Shader } from '../shader.ts';
import { numbersAccess, type RowSlices, rowSlicesCode } from '../wgsl/row-slices.ts';

/**
 * `y = x / divisor` for rows of `x`, with `divisor = max(||x||, epsilon)`.
 *
 * A workgroup takes `256 / lanes` rows, `lanes` invocations each, which hold their numbers of the row in registers. Within an invocation
 * sums run along the row, then over the invocations in two steps. A divisor of NaN stays NaN.
 */
export const l2Normalize: Shader<RowSlices> = {
  name: 'l2Normalize',
  bindings: ({ vector }) => ({ x: numbersAccess('read', vector), y: numbersAccess('write', vector), divisor: 'write' }),
  uniforms: { rows: 'u32', columns: 'u32', epsilon: 'f32' },
  code: (slices) => /* wgsl */ `
${rowSlicesCode(slices, 'f32')}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, groups) * ROWS + lane / LANES;
  let columns = select(0, u.columns, row < u.rows);
  let start = row * u.columns;
  let first = lane % LANES;
  var held: array<Numbers, HELD>;
  var squares = 0f;
  for (var j = 0u; j < HELD; j++) {
    let column = first + j * LANES;
    if (column < columns) {
      held[j] = Numbers(x[start + column]);
      squares += total(held[j] * held[j]);
    }
  }
  let norm = sqrt(row_sum(squares, lane));
  let size = select(norm, u.epsilon, norm < u.epsilon);
  for (var j = 0u; j < HELD; j++) {
    let column = first + j * LANES;
    if (column < columns) {
      y[start + column] = y_element(held[j] / size);
    }
  }
  if (row < u.rows && first == 0) {
    divisor[row] = divisor_element(size);
  }
}
`,
};

/**
 * `dx = (dy - y (y . dy)) / divisor`; where the divisor was held at epsilon, `dx = dy / divisor`. Work is laid out as in {@link l2Normalize}.
 */
export const l2NormalizeGrad: Shader<RowSlices> = {
  name: 'l2NormalizeGrad',
  bindings: ({ vector }) => ({
    dy: numbersAccess('read', vector),
    y: numbersAccess('read', vector),
    divisor: 'read',
    dx: numbersAccess('write', vector),
  }),
  uniforms: { rows: 'u32', columns: 'u32', epsilon: 'f32' },
  code: (slices) => /* wgsl */ `
${rowSlicesCode(slices, 'f32')}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, groups) * ROWS + lane / LANES;
  let columns = select(0, u.columns, row < u.rows);
  let start = row * u.columns;
  let first = lane % LANES;
  var slope: array<Numbers, HELD>;
  var unit: array<Numbers, HELD>;
  var products = 0f;
  for (var j = 0u; j < HELD; j++) {
    let column = first + j * LANES;
    if (column < columns) {
      slope[j] = Numbers(dy[start + column]);
      unit[j] = Numbers(y[start + column]);
      products += total(slope[j] * unit[j]);
    }
  }
  let sum = row_sum(products, lane);
  var size = 1f;
  if (row < u.rows) {
    size = f32(divisor[row]);
  }
  // A product, not a choice: what is not finite stays so, as in the composition.
  let along = sum * select(0f, 1f, size > u.epsilon);
  for (var j = 0u; j < HELD; j++) {
    let column = first + j * LANES;
    if (column < columns) {
      dx[start + column] = dx_element((slope[j] - unit[j] * along) / size);
    }
  }
}
`,
};
