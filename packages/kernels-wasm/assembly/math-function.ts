import { ELEMENTS_PER_TASK } from '../src/elements-per-task';
import { MathFunction } from '../src/math-function';
import { erf, exp, loadSome, log, logOfMore, splat, storeSome, tanh } from './math';
import { storePair } from './simd';

/** `to = f(x)`, `count` values; every field is 32 bits. */
@unmanaged
export class MathFunctionArgs {
  kind: i32;
  count: i32;
  x: usize;
  to: usize;
  /** Slope below 0 of LeakyRelu. */
  alpha: f32;
}

export function mathFunctionTask(args: MathFunctionArgs, task: i32): void {
  const first = task * ELEMENTS_PER_TASK;
  const offset = (<usize>first) << 2;
  const count = min(args.count - first, ELEMENTS_PER_TASK);
  const from = args.x + offset;
  const to = args.to + offset;
  switch (args.kind) {
    case MathFunction.Erf:
      return row(MathFunction.Erf, from, to, count, 0);
    case MathFunction.Exp:
      return row(MathFunction.Exp, from, to, count, 0);
    case MathFunction.LeakyRelu:
      return row(MathFunction.LeakyRelu, from, to, count, args.alpha);
    case MathFunction.Log:
      return row(MathFunction.Log, from, to, count, 0);
    case MathFunction.Softplus:
      return row(MathFunction.Softplus, from, to, count, 0);
    case MathFunction.Tanh:
      return row(MathFunction.Tanh, from, to, count, 0);
    default:
      unreachable();
  }
}

// `kind` is a constant where this is inlined, so that of each loop one function is left.
// @ts-ignore: decorator
@inline
function row(kind: i32, from: usize, to: usize, count: i32, alpha: f32): void {
  for (; count >= 8; count -= 8) {
    const y0 = apply(kind, v128.load(from), alpha);
    const y1 = apply(kind, v128.load(from, 16), alpha);
    storePair(to, y0, y1);
    from += 32;
    to += 32;
  }
  for (; count > 0; count -= 4) {
    storeSome(to, apply(kind, loadSome(from, count, 1), alpha), count);
    from += 16;
    to += 16;
  }
}

// @ts-ignore: decorator
@inline
function apply(kind: i32, x: v128, alpha: f32): v128 {
  if (kind == MathFunction.Erf) return erf(x);
  if (kind == MathFunction.Exp) return exp(x);
  if (kind == MathFunction.LeakyRelu) return v128.bitselect(f32x4.mul(x, splat(alpha)), x, f32x4.lt(x, splat(0)));
  if (kind == MathFunction.Log) return log(x);
  // max(x, 0) + log(1 + e^-|x|) has no overflow, and no cancellation below 0.
  if (kind == MathFunction.Softplus) return f32x4.add(f32x4.pmax(x, splat(0)), logOfMore(exp(f32x4.neg(f32x4.abs(x)))));
  return tanh(x);
}
