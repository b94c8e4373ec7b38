import { LANES } from './attention-tiles.ts';

/**
 * `sum(dy * y)` of `tokens` tokens of a workgroup: every lane of the eight stores its `part_of_delta(token, lane)` in `parts`, and
 * after a barrier `delta_of(index)` adds the eight of a token up.
 */
export function attentionDelta(tokens: number): string {
  return /* wgsl */ `
var<workgroup> parts: array<f32, ${tokens * (LANES + 1)}>; // by token and lane

fn part_of_delta(token: u32, lane: u32) -> f32 {
  var sum = 0.0;
  if (token < u.tokens) {
    for (var d = lane; d < VECTORS; d += ${LANES}) {
      sum += dot(read_dy(part_of_y(token), d), read_y(part_of_y(token), d));
    }
  }
  return sum;
}
fn delta_of(index: u32) -> f32 {
  var sum = 0.0;
  for (var l = 0u; l < ${LANES}; l++) {
    sum += parts[index * ${LANES + 1} + l];
  }
  return sum;
}`;
}
