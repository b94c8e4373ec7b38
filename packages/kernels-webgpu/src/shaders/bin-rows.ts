import type { Shader } from '../shader.ts';

/** Parts of a table; a workgroup has an invocation for each. */
export const BINS = 256;
/** Indices that a workgroup looks at. */
export const CHUNK = 256;

const uniforms = { count: 'u32', tableRows: 'u32', rowsPerBin: 'u32', chunks: 'u32' } as const;

/** `bin_of(k)`: the part of the table that `rows[k]` is in, `BINS` where it is in none; and the bins of a chunk in workgroup memory. */
const BIN_OF = /* wgsl */ `
var<workgroup> bins: array<u32, ${CHUNK}>;
fn bin_of(k: u32) -> u32 {
  if (k >= u.count) {
    return ${BINS};
  }
  let row = u32(rows[k]); // a negative one lies beyond every table
  return select(${BINS}, row / u.rowsPerBin, row < u.tableRows);
}`;

/** `counts[bin, chunk]`: how many of the 256 indices of a chunk are in each of the 256 bins. A workgroup per chunk, an invocation per bin. */
export const countInBins: Shader = {
  name: 'countInBins',
  bindings: () => ({ rows: 'read', counts: 'write' }),
  uniforms,
  code: () => /* wgsl */ `
${BIN_OF}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = workgroup_index(group, groups);
  bins[lane] = bin_of(chunk * ${CHUNK} + lane);
  workgroupBarrier();
  var count = 0u;
  for (var other = 0u; other < ${CHUNK}; other++) {
    count += select(0u, 1u, bins[other] == lane);
  }
  if (chunk < u.chunks) {
    counts[lane * u.chunks + chunk] = count;
  }
}
`,
};

/** `starts`: for each bin and chunk the sum of all `counts` before, and last of all. One workgroup, an invocation per bin. */
export const startsOfBins: Shader = {
  name: 'startsOfBins',
  bindings: () => ({ counts: 'read', starts: 'write' }),
  uniforms,
  code: () => /* wgsl */ `
var<workgroup> totals: array<u32, ${BINS}>;
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) bin: u32) {
  var total = 0u;
  for (var chunk = 0u; chunk < u.chunks; chunk++) {
    total += counts[bin * u.chunks + chunk];
  }
  totals[bin] = total;
  workgroupBarrier();
  var start = 0u;
  for (var earlier = 0u; earlier < bin; earlier++) {
    start += totals[earlier];
  }
  for (var chunk = 0u; chunk < u.chunks; chunk++) {
    starts[bin * u.chunks + chunk] = start;
    start += counts[bin * u.chunks + chunk];
  }
  if (bin == ${BINS - 1}) {
    starts[${BINS} * u.chunks] = start;
  }
}
`,
};

/** `order`: every k whose row is in the table, bin by bin, within a bin in order. A workgroup per chunk, an invocation per index. */
export const orderByBin: Shader = {
  name: 'orderByBin',
  bindings: () => ({ rows: 'read', starts: 'read', order: 'write' }),
  uniforms,
  code: () => /* wgsl */ `
${BIN_OF}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = workgroup_index(group, groups);
  let bin = bin_of(chunk * ${CHUNK} + lane);
  bins[lane] = bin;
  workgroupBarrier();
  if (bin == ${BINS}) {
    return;
  }
  var place = starts[bin * u.chunks + chunk];
  for (var earlier = 0u; earlier < lane; earlier++) {
    place += select(0u, 1u, bins[earlier] == bin);
  }
  order[place] = chunk * ${CHUNK} + lane;
}
`,
};
