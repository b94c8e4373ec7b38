import { ELEMENTS_PER_TASK } from '../src/elements-per-task';
import { gateDerivative } from './activation';
import { loadSome, sigmoid, storeSome } from './math';
import { storePair } from './simd';

/** `to = silu(gate) value`, and with `dy` the gradients `dGate` and `dValue`; every field is 32 bits. */
@unmanaged
export class SwigluArgs {
  count: i32;
  gate: usize;
  value: usize;
  to: usize;
  dy: usize;
  dGate: usize;
  dValue: usize;
}

export function swigluTask(args: SwigluArgs, task: i32): void {
  const first = task * ELEMENTS_PER_TASK;
  const count = min(args.count - first, ELEMENTS_PER_TASK);
  const offset = (<usize>first) << 2;
  let gate = args.gate + offset;
  let value = args.value + offset;
  let to = args.to + offset;
  let left = count;
  for (; left >= 8; left -= 8) {
    const x0 = v128.load(gate);
    const x1 = v128.load(gate, 16);
    const y0 = f32x4.mul(f32x4.mul(x0, sigmoid(x0)), v128.load(value));
    const y1 = f32x4.mul(f32x4.mul(x1, sigmoid(x1)), v128.load(value, 16));
    storePair(to, y0, y1);
    gate += 32;
    value += 32;
    to += 32;
  }
  for (; left > 0; left -= 4) {
    const x = loadSome(gate, left, 0);
    storeSome(to, f32x4.mul(f32x4.mul(x, sigmoid(x)), loadSome(value, left, 0)), left);
    gate += 16;
    value += 16;
    to += 16;
  }
}

export function swigluGradTask(args: SwigluArgs, task: i32): void {
  const first = task * ELEMENTS_PER_TASK;
  const count = min(args.count - first, ELEMENTS_PER_TASK);
  const offset = (<usize>first) << 2;
  let gate = args.gate + offset;
  let value = args.value + offset;
  let dy = args.dy + offset;
  let dGate = args.dGate + offset;
  let dValue = args.dValue + offset;
  let left = count;
  for (; left >= 8; left -= 8) {
    const x0 = v128.load(gate);
    const x1 = v128.load(gate, 16);
    const dOut0 = v128.load(dy);
    const dOut1 = v128.load(dy, 16);
    const opened0 = sigmoid(x0);
    const opened1 = sigmoid(x1);
    const toGate0 = f32x4.mul(f32x4.mul(dOut0, v128.load(value)), gateDerivative(opened0, x0));
    const toGate1 = f32x4.mul(f32x4.mul(dOut1, v128.load(value, 16)), gateDerivative(opened1, x1));
    storePair(dGate, toGate0, toGate1);
    storePair(dValue, f32x4.mul(dOut0, f32x4.mul(x0, opened0)), f32x4.mul(dOut1, f32x4.mul(x1, opened1)));
    gate += 32;
    value += 32;
    dy += 32;
    dGate += 32;
    dValue += 32;
  }
  for (; left > 0; left -= 4) {
    const x = loadSome(gate, left, 0);
    const dOut = loadSome(dy, left, 0);
    const opened = sigmoid(x);
    storeSome(dGate, f32x4.mul(f32x4.mul(dOut, loadSome(value, left, 0)), gateDerivative(opened, x)), left);
    storeSome(dValue, f32x4.mul(dOut, f32x4.mul(x, opened)), left);
    gate += 16;
    value += 16;
    dy += 16;
    dGate += 16;
    dValue += 16;
  }
}
