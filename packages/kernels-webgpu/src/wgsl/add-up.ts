/**
 * `add_up(value, lane)`: the sum over the 256 invocations of a workgroup, added in halves, right at lane 0. All of them must call it, once in
 * a shader.
 */
export const ADD_UP = /* wgsl */ `
var<workgroup> parts: array<f32, 256>;
fn add_up(value: f32, lane: u32) -> f32 {
  parts[lane] = value;
  for (var half = 128u; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane < half) {
      parts[lane] += parts[lane + half];
    }
  }
  return parts[lane];
}`;
