import type { Shader } from '../shader.ts';
import { type Epilogue, productEpilogue } from '../wgsl/product-epilogue.ts';

export type MatmulSplitsOptions = { epilogue: Epilogue; columnSums: boolean };

/**
 * Adds up the parts of a product whose depth was divided, in their order, and applies its epilogue; then the same for the sums of the
 * columns of `b`, which have none. One value per invocation, or four neighbouring columns.
 *
 * `parts` is `[splits, count]`, `sumParts` `[splits, columns]`.
 */
export const matmulSplits: Shader<MatmulSplitsOptions> = {
  name: 'matmulSplits',
  bindings: ({ epilogue: { width } }) => ({
    parts: width === 4 ? 'read4' : 'read',
    sumParts: width === 4 ? 'read4' : 'read',
    bias: width === 4 ? 'read4' : 'read',
    residual: width === 4 ? 'read4' : 'read',
    y: width === 4 ? 'write4' : 'write',
    derivative: width === 4 ? 'write4' : 'write',
    columnSums: width === 4 ? 'write4' : 'write',
  }),
  uniforms: {
    rows: 'u32',
    columns: 'u32',
    splits: 'u32',
    count: 'u32',
    inner_batch: 'u32',
    y_offset: 'u32',
    y_pitch: 'u32',
    y_outer: 'u32',
    y_inner: 'u32',
    scale: 'f32',
  },
  code: ({ epilogue, columnSums }) => {
    const type = epilogue.width === 4 ? 'vec4f' : 'f32';
    const index = (name: string) => (epilogue.width === 4 ? `(${name}) / 4` : name);
    return /* wgsl */ `
${productEpilogue(epilogue)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (workgroup_index(group, groups) * 256 + lane) * ${epilogue.width};
  if (i < u.count) {
    var sum = ${type}();
    for (var split = 0u; split < u.splits; split++) {
      sum += parts[${index('split * u.count + i')}];
    }
    let column = i % u.columns;
    let row = i / u.columns;
    let matrix = row / u.rows;
    let at = u.y_offset + (matrix / u.inner_batch) * u.y_outer + (matrix % u.inner_batch) * u.y_inner + (row % u.rows) * u.y_pitch + column;
    store(sum, column, at);
    return;
  }
  ${
    columnSums
      ? `let column = i - u.count;
  if (column < u.columns) {
    var sum = ${type}();
    for (var split = 0u; split < u.splits; split++) {
      sum += sumParts[${index('split * u.columns + column')}];
    }
    columnSums[${index('column')}] = columnSums_element(sum);
  }`
      : ''
  }
}
`;
  },
};
