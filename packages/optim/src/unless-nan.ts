import { clone, isNaN as isNaNOf, type Scalar, type Tensor, tidy, where } from '@tensorflow/tfjs-core';
import { runOrCompose, valuesAreOnHost } from '@vitrail/ops';
import type { KernelName } from './kernels.ts';

/**
 * The tensors `next`, or, where `gate` is NaN, the tensors `previous`: all of them or none, bit by bit, and decided on the device. So a step
 * that went wrong is left out without the host waiting to hear of it.
 *
 * One kernel (`VitrailUnlessNaN`) for all tensors where one is registered. Where values lie on the host, the gate is looked at instead, and
 * what comes back shares its memory with what was given.
 *
 * @param gate a scalar; its value does not matter unless it is NaN
 * @param next tensors of any shapes
 * @param previous of the same shapes and types, in the same order
 * @returns new tensors, the caller's
 * @example unlessNaN(scalar(NaN), [ones([2])], [zeros([2])])[0].shape // [2], values 0
 */
export function unlessNaN(gate: Scalar, next: readonly Tensor[], previous: readonly Tensor[]): Tensor[] {
  if (next.length === 0) return [];
  if (valuesAreOnHost()) return (isNaNIfKnown(gate) ? previous : next).map((tensor) => clone(tensor));
  const inputs = next.flatMap((tensor, i): [string, Tensor][] => [
    [`next${i}`, tensor],
    [`previous${i}`, previous[i]],
  ]);
  return runOrCompose<KernelName>('VitrailUnlessNaN', { gate, ...Object.fromEntries(inputs) }, {}, () =>
    tidy(() => {
      const isLeftOut = isNaNOf(gate);
      return next.map((tensor, i) => where(isLeftOut, previous[i], tensor));
    }),
  );
}

/**
 * Whether a scalar is NaN, where values lie on the host; `undefined` on a device, which one would have to wait for.
 *
 * @example isNaNIfKnown(scalar(1)) // false on the backends cpu, wasm and tensorflow, undefined on webgpu
 */
export function isNaNIfKnown(gate: Scalar): boolean | undefined {
  return valuesAreOnHost() ? Number.isNaN(gate.dataSync()[0]) : undefined;
}
