import type { Shader } from '../shader.ts';

/**
 * Whether a step's update is made, what its gradients are multiplied by, and what is counted of it: one workgroup. Every invocation finds
 * out by itself; the first writes what there is one of, and all of them copy the numbers.
 *
 * `counts` are steps left out, steps left out in a row, the scale of the loss, and good steps since it last changed.
 */
export const stepGuard: Shader = {
  name: 'stepGuard',
  bindings: () => ({
    numbers: 'read',
    norm: 'read',
    counts: 'read',
    gradientScale: 'write',
    newCounts: 'write',
    allNumbers: 'write',
    counted: 'write',
  }),
  uniforms: {
    count: 'u32',
    clips: 'u32',
    maximumNorm: 'f32',
    scales: 'u32',
    growthInterval: 'f32',
    minimumScale: 'f32',
    maximumScale: 'f32',
    nan: 'u32', // The compiler takes no NaN among constants.
  },
  code: () => /* wgsl */ `
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  let skipped = f32(counts[0]);
  let in_a_row = f32(counts[1]);
  let scale = f32(counts[2]);
  let good_steps = f32(counts[3]);
  let true_norm = select(f32(norm[0]), f32(norm[0]) / scale, u.scales == 1);
  let good = is_finite(f32(numbers[0])) && is_finite(true_norm);
  if (lane == 0) {
    var clip = 1.0;
    if (u.clips == 1) {
      clip = u.maximumNorm / max(true_norm, u.maximumNorm);
    }
    let factor = select(clip, clip / scale, u.scales == 1);
    gradientScale[0] = select(bitcast<f32>(u.nan), factor, good);
    newCounts[0] = select(skipped + 1, skipped, good);
    newCounts[1] = select(in_a_row + 1, 0, good);
    let grows = good_steps + 1 >= u.growthInterval;
    let grown = select(scale, min(2 * scale, u.maximumScale), grows);
    let adapted = select(max(0.5 * scale, u.minimumScale), grown, good);
    newCounts[2] = select(scale, adapted, u.scales == 1);
    newCounts[3] = select(good_steps, select(0, good_steps + 1, good && !grows), u.scales == 1);
    counted[0] = select(0.0, 1.0, good);
  }
  for (var i = lane; i <= u.count; i += 64u) {
    var value = true_norm;
    if (i < u.count) {
      value = f32(numbers[i]);
    }
    allNumbers[i] = value;
    counted[i + 1] = select(0, value, good);
  }
}
`,
};
