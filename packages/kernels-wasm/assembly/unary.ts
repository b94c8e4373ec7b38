import { ELEMENTS_PER_TASK } from '../src/elements-per-task';
import { UnaryKind } from '../src/unary-kind';
import { erf, exp, lessOne, loadPart, log, logOfMore, sigmoid, splat, storePart, tanh } from './math';

/** `to = f(x)`, `count` values; every field is 32 bits. */
@unmanaged
export class UnaryArgs {
  kind: i32;
  count: i32;
  x: usize;
  to: usize;
  /** Slope below 0 of LeakyRelu. */
  alpha: f32;
}

export function unaryTask(args: UnaryArgs, task: i32): void {
  const first = task * ELEMENTS_PER_TASK;
  const offset = (<usize>first) << 2;
  const count = min(args.count - first, ELEMENTS_PER_TASK);
  const from = args.x + offset;
  const to = args.to + offset;
  switch (args.kind) {
    case UnaryKind.Elu:
      return row(UnaryKind.Elu, from, to, count, 0);
    case UnaryKind.Erf:
      return row(UnaryKind.Erf, from, to, count, 0);
    case UnaryKind.Exp:
      return row(UnaryKind.Exp, from, to, count, 0);
    case UnaryKind.LeakyRelu:
      return row(UnaryKind.LeakyRelu, from, to, count, args.alpha);
    case UnaryKind.Log:
      return row(UnaryKind.Log, from, to, count, 0);
    case UnaryKind.Reciprocal:
      return row(UnaryKind.Reciprocal, from, to, count, 0);
    case UnaryKind.Rsqrt:
      return row(UnaryKind.Rsqrt, from, to, count, 0);
    case UnaryKind.Sigmoid:
      return row(UnaryKind.Sigmoid, from, to, count, 0);
    case UnaryKind.Softplus:
      return row(UnaryKind.Softplus, from, to, count, 0);
    case UnaryKind.Sqrt:
      return row(UnaryKind.Sqrt, from, to, count, 0);
    case UnaryKind.Tanh:
      return row(UnaryKind.Tanh, from, to, count, 0);
    default:
      unreachable();
  }
}

// `kind` is a constant where this is inlined, so that of each loop one function is left.
// @ts-ignore: decorator
@inline
function row(kind: i32, from: usize, to: usize, count: i32, alpha: f32): void {
  const end = from + ((<usize>(count & ~3)) << 2);
  while (from < end) {
    v128.store(to, apply(kind, v128.load(from), alpha));
    from += 16;
    to += 16;
  }
  const left = count & 3;
  if (left != 0) storePart(to, apply(kind, loadPart(from, left, 1), alpha), left);
}

// @ts-ignore: decorator
@inline
function apply(kind: i32, x: v128, alpha: f32): v128 {
  if (kind == UnaryKind.Elu) return v128.bitselect(lessOne(x), x, f32x4.lt(x, splat(0)));
  if (kind == UnaryKind.Erf) return erf(x);
  if (kind == UnaryKind.Exp) return exp(x);
  if (kind == UnaryKind.LeakyRelu) return v128.bitselect(f32x4.mul(x, splat(alpha)), x, f32x4.lt(x, splat(0)));
  if (kind == UnaryKind.Log) return log(x);
  if (kind == UnaryKind.Reciprocal) return f32x4.div(splat(1), x);
  if (kind == UnaryKind.Rsqrt) return f32x4.div(splat(1), f32x4.sqrt(x));
  if (kind == UnaryKind.Sigmoid) return sigmoid(x);
  // max(x, 0) + log(1 + e^-|x|) has no overflow, and no cancellation below 0.
  if (kind == UnaryKind.Softplus) return f32x4.add(f32x4.pmax(x, splat(0)), logOfMore(exp(f32x4.neg(f32x4.abs(x)))));
  if (kind == UnaryKind.Sqrt) return f32x4.sqrt(x);
  return tanh(x);
}
