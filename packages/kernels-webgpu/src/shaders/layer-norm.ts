import type { Shader } from '../shader.ts';
import { numbersAccess, type RowSlices, rowSlicesCode } from '../wgsl/row-slices.ts';

/**
 * `y = (x - mean) * inverseDeviation * scale + bias` for rows of `x`, with `inverseDeviation = 1 / sqrt(variance + epsilon)`.
 *
 * A workgroup takes `256 / lanes` rows, `lanes` invocations each, which hold their numbers of the row in registers: memory is read once.
 * The variance is summed over what is left of the numbers after their mean is taken away, so that rows far from 0 do not cancel. Within an
 * invocation sums run along the row, then over the invocations in two steps.
 */
export const layerNorm: Shader<RowSlices> = {
  name: 'layerNorm',
  bindings: ({ vector }) => ({
    x: numbersAccess('read', vector),
    scale: numbersAccess('read', vector),
    bias: numbersAccess('read', vector),
    y: numbersAccess('write', vector),
    mean: 'write',
    inverseDeviation: 'write',
  }),
  uniforms: { rows: 'u32', columns: 'u32', width: 'f32', epsilon: 'f32' },
  code: (slices) => /* wgsl */ `
${rowSlicesCode(slices, 'f32')}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, groups) * ROWS + lane / LANES;
  let columns = select(0, u.columns, row < u.rows);
  let start = row * u.columns;
  let first = lane % LANES;
  var held: array<Numbers, HELD>;
  var sum = 0f;
  for (var j = 0u; j < HELD; j++) {
    let column = first + j * LANES;
    if (column < columns) {
      held[j] = Numbers(x[start + column]);
      sum += total(held[j]);
    }
  }
  let average = row_sum(sum, lane) / u.width;
  var squares = 0f;
  for (var j = 0u; j < HELD; j++) {
    if (first + j * LANES < columns) {
      held[j] -= average;
      squares += total(held[j] * held[j]);
    }
  }
  let factor = 1 / sqrt(row_sum(squares, lane) / u.width + u.epsilon);
  for (var j = 0u; j < HELD; j++) {
    let column = first + j * LANES;
    if (column < columns) {
      y[start + column] = y_element(held[j] * factor * Numbers(scale[column]) + Numbers(bias[column]));
    }
  }
  if (row < u.rows && first == 0) {
    mean[row] = mean_element(average);
    inverseDeviation[row] = inverseDeviation_element(factor);
  }
}
`,
};

/**
 * With `n = (x - mean) * inverseDeviation` and `g = dy * scale`: `dx = inverseDeviation * (g - mean(g) - n * mean(g * n))`, and the sums of
 * `dy * n` and of `dy` over the rows of each workgroup as a row of `partial`: first all of the one, then all of the other.
 *
 * A workgroup takes `rowsPerGroup` rows one after the other, `256 / lanes` at once. An invocation holds its numbers of a row in registers,
 * as well as its part of the sums over rows; those of the rows worked on at once are added last, through workgroup memory, in order.
 * Private memory bounds the width: `MOST_WIDTH`.
 */
export const layerNormGrad: Shader<RowSlices> = {
  name: 'layerNormGrad',
  bindings: ({ vector }) => ({
    dy: numbersAccess('read', vector),
    x: numbersAccess('read', vector),
    scale: numbersAccess('read', vector),
    mean: 'read',
    inverseDeviation: 'read',
    dx: numbersAccess('write', vector),
    partial: numbersAccess('write', vector),
  }),
  uniforms: { rows: 'u32', columns: 'u32', rowsPerGroup: 'u32', rowsAtOnce: 'u32', width: 'f32' },
  code: (slices) => /* wgsl */ `
${rowSlicesCode(slices, 'vec2f')}
var<workgroup> column_sums: array<array<Numbers, 2>, 256>;

// The sums over the rows worked on at once, for the invocations of the first of them.
fn column_sum(values: array<Numbers, 2>, lane: u32) -> array<Numbers, 2> {
  if (ROWS == 1) {
    return values;
  }
  workgroupBarrier();
  column_sums[lane] = values;
  workgroupBarrier();
  var sum = values;
  if (lane < LANES) {
    // A bound that compilers do not know: unrolled, this loop is most of the shader, and of the time that it takes to compile.
    for (var other = 1u; other < u.rowsAtOnce; other++) {
      sum[0] += column_sums[lane + other * LANES][0];
      sum[1] += column_sums[lane + other * LANES][1];
    }
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = workgroup_index(group, groups);
  let first = lane % LANES;
  var scale_sum: array<Numbers, HELD>;
  var bias_sum: array<Numbers, HELD>;
  for (var done = 0u; done < u.rowsPerGroup; done += ROWS) {
    let row = block * u.rowsPerGroup + done + lane / LANES;
    let columns = select(0, u.columns, row < u.rows);
    let start = row * u.columns;
    var average = 0f;
    var factor = 0f;
    if (row < u.rows) {
      average = f32(mean[row]);
      factor = f32(inverseDeviation[row]);
    }
    var normalised: array<Numbers, HELD>;
    var scaled: array<Numbers, HELD>;
    var sums = vec2f();
    for (var j = 0u; j < HELD; j++) {
      let column = first + j * LANES;
      if (column < columns) {
        let slope = Numbers(dy[start + column]);
        normalised[j] = (Numbers(x[start + column]) - average) * factor;
        scaled[j] = slope * Numbers(scale[column]);
        sums += vec2f(total(scaled[j]), total(scaled[j] * normalised[j]));
        scale_sum[j] += slope * normalised[j];
        bias_sum[j] += slope;
      }
    }
    let means = row_sum(sums, lane) / u.width;
    for (var j = 0u; j < HELD; j++) {
      let column = first + j * LANES;
      if (column < columns) {
        dx[start + column] = dx_element((scaled[j] - means.x - normalised[j] * means.y) * factor);
      }
    }
  }
  for (var j = 0u; j < HELD; j++) {
    let sums = column_sum(array(scale_sum[j], bias_sum[j]), lane);
    let column = lane + j * LANES;
    if (lane < LANES && column < u.columns && block * u.rowsPerGroup < u.rows) {
      partial[block * 2 * u.columns + column] = sums[0];
      partial[(block * 2 + 1) * u.columns + column] = sums[1];
    }
  }
}
`,
};
