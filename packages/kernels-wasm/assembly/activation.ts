import { ActivationKind } from '../src/activation-kind';
import { ELEMENTS_PER_TASK } from '../src/elements-per-task';
import { HALF, MINUS_HALF, NORMAL_DENSITY, ONE, QUICK, SQRT_HALF_VALUE, TANH_CUBIC, TANH_LINEAR, THREE_TANH_CUBIC } from './constants';
import { erf, exp, loadPart, sigmoid, splat, storePart } from './math';
import { madd } from './simd';

/** `to = activation(x)`, or `to = dy activation'(x)`, `count` values; every field is 32 bits. */
@unmanaged
export class ActivationArgs {
  kind: i32;
  count: i32;
  dy: usize;
  x: usize;
  to: usize;
}

/** `to[i] = activation(from[i])` of a kind of src/activation-kind.ts. `to` may be `from`. */
export function activateRow(kind: i32, from: usize, to: usize, count: i32): void {
  switch (kind) {
    case ActivationKind.Gelu:
      return forward(ActivationKind.Gelu, from, to, count);
    case ActivationKind.GeluTanh:
      return forward(ActivationKind.GeluTanh, from, to, count);
    case ActivationKind.QuickGelu:
      return forward(ActivationKind.QuickGelu, from, to, count);
    case ActivationKind.Relu:
      return forward(ActivationKind.Relu, from, to, count);
    case ActivationKind.Silu:
      return forward(ActivationKind.Silu, from, to, count);
    default:
      unreachable();
  }
}

/** `to[i] = activation(x[i])`, and in the place of `x[i]` the derivative there: the gradient then is a product. */
export function activateKeepingDerivative(kind: i32, x: usize, to: usize, count: i32): void {
  switch (kind) {
    case ActivationKind.Gelu:
      return forwardWithDerivative(ActivationKind.Gelu, x, to, count);
    case ActivationKind.GeluTanh:
      return forwardWithDerivative(ActivationKind.GeluTanh, x, to, count);
    case ActivationKind.QuickGelu:
      return forwardWithDerivative(ActivationKind.QuickGelu, x, to, count);
    case ActivationKind.Relu:
      return forwardWithDerivative(ActivationKind.Relu, x, to, count);
    case ActivationKind.Silu:
      return forwardWithDerivative(ActivationKind.Silu, x, to, count);
    default:
      unreachable();
  }
}

/** `to[i] = dy[i] activation'(x[i])`, or `dy[i] x[i]` for the kind `None`. `to` may be `dy` or `x`. */
export function activationGradientRow(kind: i32, dy: usize, x: usize, to: usize, count: i32): void {
  switch (kind) {
    case ActivationKind.None:
      return backward(ActivationKind.None, dy, x, to, count);
    case ActivationKind.Gelu:
      return backward(ActivationKind.Gelu, dy, x, to, count);
    case ActivationKind.GeluTanh:
      return backward(ActivationKind.GeluTanh, dy, x, to, count);
    case ActivationKind.QuickGelu:
      return backward(ActivationKind.QuickGelu, dy, x, to, count);
    case ActivationKind.Relu:
      return backward(ActivationKind.Relu, dy, x, to, count);
    case ActivationKind.Silu:
      return backward(ActivationKind.Silu, dy, x, to, count);
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

// `kind` is a constant where these are inlined, so that of each loop one activation is left.

// @ts-ignore: decorator
@inline
function forward(kind: i32, from: usize, to: usize, count: i32): void {
  const end = from + ((<usize>(count & ~3)) << 2);
  while (from < end) {
    v128.store(to, activation(kind, v128.load(from)));
    from += 16;
    to += 16;
  }
  const left = count & 3;
  if (left != 0) storePart(to, activation(kind, loadPart(from, left, 0)), left);
}

// @ts-ignore: decorator
@inline
function forwardWithDerivative(kind: i32, x: usize, to: usize, count: i32): void {
  while (count > 0) {
    const value = count < 4 ? loadPart(x, count, 0) : v128.load(x);
    const gate = kind == ActivationKind.Relu ? value : gateOf(kind, value);
    const y = kind == ActivationKind.Relu ? f32x4.pmax(value, splat(0)) : f32x4.mul(value, gate);
    const slope = derivative(kind, value, gate);
    if (count < 4) {
      storePart(to, y, count);
      storePart(x, slope, count);
    } else {
      v128.store(to, y);
      v128.store(x, slope);
    }
    x += 16;
    to += 16;
    count -= 4;
  }
}

// @ts-ignore: decorator
@inline
function backward(kind: i32, dy: usize, x: usize, to: usize, count: i32): void {
  while (count > 0) {
    const value = count < 4 ? loadPart(x, count, 0) : v128.load(x);
    const slope = kind == ActivationKind.None ? value : derivative(kind, value, gateOf(kind, value));
    if (count < 4) storePart(to, f32x4.mul(loadPart(dy, count, 0), slope), count);
    else v128.store(to, f32x4.mul(v128.load(dy), slope));
    dy += 16;
    x += 16;
    to += 16;
    count -= 4;
  }
}

/** As in packages/ops/src/activation.ts, where the formulas are: infinities and NaN come out as there. */
// @ts-ignore: decorator
@inline
function activation(kind: i32, x: v128): v128 {
  if (kind == ActivationKind.Relu) return f32x4.pmax(x, splat(0));
  return f32x4.mul(x, gateOf(kind, x));
}

/** The factor of `x` in the activation, which its derivative needs too; nothing for relu. */
// @ts-ignore: decorator
@inline
function gateOf(kind: i32, x: v128): v128 {
  if (kind == ActivationKind.Gelu) return normalDistribution(x);
  if (kind == ActivationKind.GeluTanh) return sigmoid(tanhArgument(x, f32x4.mul(x, x)));
  if (kind == ActivationKind.QuickGelu) return sigmoid(f32x4.mul(x, QUICK));
  return sigmoid(x);
}

// @ts-ignore: decorator
@inline
function derivative(kind: i32, x: v128, gate: v128): v128 {
  if (kind == ActivationKind.Gelu) {
    const bell = exp(f32x4.mul(f32x4.mul(x, x), MINUS_HALF));
    return f32x4.add(gate, f32x4.mul(x, f32x4.mul(bell, NORMAL_DENSITY)));
  }
  if (kind == ActivationKind.GeluTanh) {
    return gateDerivative(gate, f32x4.mul(x, madd(f32x4.mul(x, x), THREE_TANH_CUBIC, TANH_LINEAR)));
  }
  if (kind == ActivationKind.QuickGelu) return gateDerivative(gate, f32x4.mul(x, QUICK));
  if (kind == ActivationKind.Silu) return gateDerivative(gate, x);
  // step(x): 0 up to 0, 1 above, NaN stays.
  const step = v128.and(f32x4.gt(x, splat(0)), ONE);
  return v128.bitselect(x, step, f32x4.ne(x, x));
}

/** The derivative of `x sigmoid(u(x))` from `gate = sigmoid(u)` and `xSlope = x u'(x)`. */
// @ts-ignore: decorator
@inline
export function gateDerivative(gate: v128, xSlope: v128): v128 {
  return f32x4.mul(gate, madd(xSlope, f32x4.sub(ONE, gate), ONE));
}

// @ts-ignore: decorator
@inline
function normalDistribution(x: v128): v128 {
  return madd(erf(f32x4.mul(x, SQRT_HALF_VALUE)), HALF, HALF);
}

/** Twice the argument of the tanh. */
// @ts-ignore: decorator
@inline
function tanhArgument(x: v128, square: v128): v128 {
  return f32x4.mul(x, madd(square, TANH_CUBIC, TANH_LINEAR));
}
