/** The activations of `@vitrail/ops`. */
export type ActivationKind = 'gelu' | 'gelu-tanh' | 'quick-gelu' | 'relu' | 'silu';

/**
 * `fn activation(x: f32) -> vec2f`: the value and the derivative.
 *
 * The normal distribution function is that of Abramowitz and Stegun 7.1.26, as in the `Erf` of tfjs: at most 1.5e-7 away. Sigmoids are
 * of the negative of the magnitude, so that no exponential overflows.
 */
export function activationFunctions(kind: ActivationKind): string {
  return `${HELPERS}\nfn activation(x: f32) -> vec2f {${BODIES[kind]}}`;
}

const HELPERS = /* wgsl */ `
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1, x >= 0) / (1 + e);
}
// x sigmoid(v) and its derivative, where slope is x v'.
fn gated(x: f32, v: f32, slope: f32) -> vec2f {
  let gate = sigmoid(v);
  return vec2f(x * gate, gate * (1 + slope * sigmoid(-v)));
}`;

const BODIES: Readonly<Record<ActivationKind, string>> = {
  gelu: /* wgsl */ `
  let z = abs(x) * 0.70710678118654752;
  let density = exp(-z * z);
  let t = 1 / (1 + 0.3275911 * z);
  let tail = 0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * density;
  let below = select(1 - tail, tail, x < 0);
  return vec2f(x * below, below + x * density * 0.3989422804014327);
`,
  'gelu-tanh': /* wgsl */ `
  let square = x * x;
  return gated(x, x * (1.5957691216057308 + 0.07135481282639578 * square), x * (1.5957691216057308 + 0.21406443847918733 * square));
`,
  'quick-gelu': /* wgsl */ `return gated(x, 1.702 * x, 1.702 * x);`,
  // NaN stays NaN, in both; compilers may assume that there is none, but not of bits.
  relu: /* wgsl */ `
  let isNaN = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
  return select(select(vec2f(), vec2f(x, 1), x > 0), vec2f(x), isNaN);
`,
  silu: /* wgsl */ `return gated(x, x, x);`,
};
