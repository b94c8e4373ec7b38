import { ELEMENTS_PER_TASK } from '../src/elements-per-task';
import { gateDerivative } from './activation';
import { loadPart, sigmoid, storePart } from './math';

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
  let at = (<usize>first) << 2;
  const end = at + ((<usize>(count & ~3)) << 2);
  const gate = args.gate;
  const value = args.value;
  const to = args.to;
  while (at < end) {
    const x = v128.load(gate + at);
    v128.store(to + at, f32x4.mul(f32x4.mul(x, sigmoid(x)), v128.load(value + at)));
    at += 16;
  }
  const left = count & 3;
  if (left == 0) return;
  const x = loadPart(gate + at, left, 0);
  storePart(to + at, f32x4.mul(f32x4.mul(x, sigmoid(x)), loadPart(value + at, left, 0)), left);
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
  for (let left = count; left > 0; left -= 4) {
    const whole = left >= 4;
    const x = whole ? v128.load(gate) : loadPart(gate, left, 0);
    const dOut = whole ? v128.load(dy) : loadPart(dy, left, 0);
    const y = whole ? v128.load(value) : loadPart(value, left, 0);
    const opened = sigmoid(x);
    const toGate = f32x4.mul(f32x4.mul(dOut, y), gateDerivative(opened, x));
    const toValue = f32x4.mul(dOut, f32x4.mul(x, opened));
    if (whole) {
      v128.store(dGate, toGate);
      v128.store(dValue, toValue);
    } else {
      storePart(dGate, toGate, left);
      storePart(dValue, toValue, left);
    }
    gate += 16;
    value += 16;
    dy += 16;
    dGate += 16;
    dValue += 16;
  }
}
