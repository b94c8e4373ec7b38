import { ActivationKind } from '../src/activation-kind';
import { ELEMENTS_PER_TASK } from '../src/elements-per-task';
import {
  BELL,
  BELL_TOP,
  HIGHEST_POWER,
  MINUS_LOG2_E,
  ONE,
  QUICK,
  MINUS_QUICK_LOG2_E,
  TAIL,
  TAIL_1,
  TAIL_2,
  TAIL_3,
  TAIL_4,
  TAIL_5,
  TAIL_6,
  TAIL_7,
  TAIL_8,
  TAIL_9,
  TANH_CUBIC,
  TANH_LINEAR,
  TANH_SLOPE_0,
  TANH_SLOPE_2,
} from './generated/constants';
import { loadSome, powerOfTwo, splat, storeSome } from './math';
import { madd, storePair } from './simd';

/** `to = activation(x)`, or `to = dy activation'(x)`, `count` values; every field is 32 bits. */
@unmanaged
export class ActivationArgs {
  kind: i32;
  count: i32;
  dy: usize;
  x: usize;
  to: usize;
}

// The kinds as types: a loop is compiled for each. A kind that is a number, even one that is known, leaves one loop that looks at it.
class None {}
class Gelu {}
class GeluTanh {}
class QuickGelu {}
class Relu {}
class Silu {}

/** `to[i] = activation(from[i])` of a kind of src/activation-kind.ts. `to` may be `from`. */
export function activateRow(kind: i32, from: usize, to: usize, count: i32): void {
  switch (kind) {
    case ActivationKind.Gelu:
      return forward<Gelu>(from, to, count);
    case ActivationKind.GeluTanh:
      return forward<GeluTanh>(from, to, count);
    case ActivationKind.QuickGelu:
      return forward<QuickGelu>(from, to, count);
    case ActivationKind.Relu:
      return forward<Relu>(from, to, count);
    case ActivationKind.Silu:
      return forward<Silu>(from, to, count);
    default:
      unreachable();
  }
}

/** `to[i] = activation(x[i])`, and in the place of `x[i]` the derivative there: the gradient then is a product. */
export function activateKeepingDerivative(kind: i32, x: usize, to: usize, count: i32): void {
  switch (kind) {
    case ActivationKind.Gelu:
      return forwardWithDerivative<Gelu>(x, to, count);
    case ActivationKind.GeluTanh:
      return forwardWithDerivative<GeluTanh>(x, to, count);
    case ActivationKind.QuickGelu:
      return forwardWithDerivative<QuickGelu>(x, to, count);
    case ActivationKind.Relu:
      return forwardWithDerivative<Relu>(x, to, count);
    case ActivationKind.Silu:
      return forwardWithDerivative<Silu>(x, to, count);
    default:
      unreachable();
  }
}

/** `to[i] = dy[i] activation'(x[i])`, or `dy[i] x[i]` for the kind `None`. `to` may be `dy` or `x`. */
export function activationGradientRow(kind: i32, dy: usize, x: usize, to: usize, count: i32): void {
  switch (kind) {
    case ActivationKind.None:
      return backward<None>(dy, x, to, count);
    case ActivationKind.Gelu:
      return backward<Gelu>(dy, x, to, count);
    case ActivationKind.GeluTanh:
      return backward<GeluTanh>(dy, x, to, count);
    case ActivationKind.QuickGelu:
      return backward<QuickGelu>(dy, x, to, count);
    case ActivationKind.Relu:
      return backward<Relu>(dy, x, to, count);
    case ActivationKind.Silu:
      return backward<Silu>(dy, x, to, count);
    default:
      unreachable();
  }
}

export function activationTask(args: ActivationArgs, task: i32): void {
  const first = task * ELEMENTS_PER_TASK;
  const offset = (<usize>first) << 2;
  activateRow(args.kind, args.x + offset, args.to + offset, min(args.count - first, ELEMENTS_PER_TASK));
}

export function activationGradTask(args: ActivationArgs, task: i32): void {
  const first = task * ELEMENTS_PER_TASK;
  const offset = (<usize>first) << 2;
  const count = min(args.count - first, ELEMENTS_PER_TASK);
  activationGradientRow(args.kind, args.dy + offset, args.x + offset, args.to + offset, count);
}

function forward<Kind>(from: usize, to: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const y0 = activation<Kind>(v128.load(from));
    const y1 = activation<Kind>(v128.load(from, 16));
    storePair(to, y0, y1);
    from += 32;
    to += 32;
  }
  for (; count > 0; count -= 4) {
    storeSome(to, activation<Kind>(loadSome(from, count, 0)), count);
    from += 16;
    to += 16;
  }
}

/** In two passes: the constants of each fit the registers, those of both would not. */
function forwardWithDerivative<Kind>(x: usize, to: usize, count: i32): void {
  const bytes = (<usize>(count & ~7)) << 2;
  if (idof<Kind>() != idof<Relu>()) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const inner0 = innerOf<Kind>(v128.load(x + at));
      const inner1 = innerOf<Kind>(v128.load(x + at, 16));
      storePair(to + at, inner0, inner1);
    }
  }
  for (let at: usize = 0; at < bytes; at += 32) {
    const x0 = v128.load(x + at);
    const x1 = v128.load(x + at, 16);
    const inner0 = v128.load(to + at);
    const inner1 = v128.load(to + at, 16);
    const gate0 = gateOf<Kind>(x0, inner0);
    const gate1 = gateOf<Kind>(x1, inner1);
    storePair(to + at, gated<Kind>(x0, gate0), gated<Kind>(x1, gate1));
    storePair(x + at, derivative<Kind>(x0, inner0, gate0), derivative<Kind>(x1, inner1, gate1));
  }
  x += bytes;
  to += bytes;
  for (count &= 7; count > 0; count -= 4) {
    const value = loadSome(x, count, 0);
    const inner = innerOf<Kind>(value);
    const gate = gateOf<Kind>(value, inner);
    storeSome(to, gated<Kind>(value, gate), count);
    storeSome(x, derivative<Kind>(value, inner, gate), count);
    x += 16;
    to += 16;
  }
}

function backward<Kind>(dy: usize, x: usize, to: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const dx0 = f32x4.mul(v128.load(dy), slope<Kind>(v128.load(x)));
    const dx1 = f32x4.mul(v128.load(dy, 16), slope<Kind>(v128.load(x, 16)));
    storePair(to, dx0, dx1);
    dy += 32;
    x += 32;
    to += 32;
  }
  for (; count > 0; count -= 4) {
    storeSome(to, f32x4.mul(loadSome(dy, count, 0), slope<Kind>(loadSome(x, count, 0))), count);
    dy += 16;
    x += 16;
    to += 16;
  }
}

// As in packages/ops/src/activation.ts, where the formulas are: infinities and NaN come out as there.

// @ts-ignore: decorator
@inline
function activation<Kind>(x: v128): v128 {
  return gated<Kind>(x, gateOf<Kind>(x, innerOf<Kind>(x)));
}

/** What {@link backward} multiplies with: `x` itself for `None`. */
// @ts-ignore: decorator
@inline
function slope<Kind>(x: v128): v128 {
  if (idof<Kind>() == idof<None>()) return x;
  const inner = innerOf<Kind>(x);
  return derivative<Kind>(x, inner, gateOf<Kind>(x, inner));
}

/** What the activation and its derivative are made of: of GELU the normal density, of relu nothing, else the gate. */
// @ts-ignore: decorator
@inline
function innerOf<Kind>(x: v128): v128 {
  if (idof<Kind>() == idof<Gelu>()) return powerOfTwo(madd(f32x4.mul(x, x), BELL(), BELL_TOP()));
  if (idof<Kind>() == idof<GeluTanh>()) return logistic(f32x4.mul(x, madd(f32x4.mul(x, x), TANH_CUBIC(), TANH_LINEAR())));
  if (idof<Kind>() == idof<QuickGelu>()) return logistic(f32x4.mul(x, MINUS_QUICK_LOG2_E()));
  if (idof<Kind>() == idof<Silu>()) return logistic(f32x4.mul(x, MINUS_LOG2_E()));
  return x;
}

/** The factor of `x` in the activation. */
// @ts-ignore: decorator
@inline
function gateOf<Kind>(x: v128, inner: v128): v128 {
  return idof<Kind>() == idof<Gelu>() ? normalDistribution(x, inner) : inner;
}

// @ts-ignore: decorator
@inline
function gated<Kind>(x: v128, gate: v128): v128 {
  return idof<Kind>() == idof<Relu>() ? f32x4.pmax(x, splat(0)) : f32x4.mul(x, gate);
}

// @ts-ignore: decorator
@inline
function derivative<Kind>(x: v128, inner: v128, gate: v128): v128 {
  if (idof<Kind>() == idof<Gelu>()) return madd(x, inner, gate);
  if (idof<Kind>() == idof<GeluTanh>()) {
    return gateDerivative(gate, f32x4.mul(x, madd(f32x4.mul(x, x), TANH_SLOPE_2(), TANH_SLOPE_0())));
  }
  if (idof<Kind>() == idof<QuickGelu>()) return gateDerivative(gate, f32x4.mul(x, QUICK()));
  if (idof<Kind>() == idof<Silu>()) return gateDerivative(gate, x);
  // step(x): 0 up to 0, 1 above, NaN stays.
  return v128.bitselect(x, v128.and(f32x4.gt(x, splat(0)), ONE()), f32x4.ne(x, x));
}

/** The derivative of `x sigmoid(u(x))` from `gate = sigmoid(u)` and `xSlope = x u'(x)`. */
// @ts-ignore: decorator
@inline
export function gateDerivative(gate: v128, xSlope: v128): v128 {
  return f32x4.mul(gate, madd(xSlope, f32x4.sub(ONE(), gate), ONE()));
}

/** `1 / (1 + 2^x)`; quicker than `sigmoid`, and less precise where it is small: for what is multiplied with. */
// @ts-ignore: decorator
@inline
function logistic(x: v128): v128 {
  return f32x4.div(ONE(), f32x4.add(ONE(), powerOfTwo(f32x4.pmin(x, HIGHEST_POWER()))));
}

/** Of `x`, given the density there. */
// @ts-ignore: decorator
@inline
function normalDistribution(x: v128, density: v128): v128 {
  const w = f32x4.div(ONE(), madd(f32x4.abs(x), TAIL(), ONE()));
  // Odd and even powers apart: half the steps that wait for each other.
  const square = f32x4.mul(w, w);
  let odd = madd(TAIL_9(), square, TAIL_7());
  let even = madd(TAIL_8(), square, TAIL_6());
  odd = madd(odd, square, TAIL_5());
  even = madd(even, square, TAIL_4());
  odd = madd(odd, square, TAIL_3());
  even = madd(even, square, TAIL_2());
  odd = madd(odd, square, TAIL_1());
  const tail = f32x4.mul(madd(even, w, odd), f32x4.mul(density, w));
  return v128.bitselect(tail, f32x4.sub(ONE(), tail), i32x4.shr_s(x, 31));
}
