import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ActivationKind } from '../activation-kind.ts';
import { activationKinds } from '../activation-kinds.ts';
import type { Device } from '../device.ts';
import { activationGradient } from './activation.ts';
import type { KernelSet } from './kernel-set.ts';
import { operand, product } from './product.ts';

type LinearAttributes = { activation?: keyof typeof activationKinds };

/**
 * `VitrailLinear` and its gradient: products with the bias, the activation and the sums over rows in the same pass.
 *
 * What is kept for the gradient is the derivative of the activation, and not the sum before it: of GELU it costs little beside
 * the value.
 */
export const linearKernels: KernelSet = (device) => ({
  VitrailLinear({ inputs, attrs }) {
    const { x, kernel, bias, residual } = inputs as Record<'x' | 'kernel', TensorInfo> & {
      bias?: TensorInfo;
      residual?: TensorInfo;
    };
    const { activation } = attrs as LinearAttributes;
    const [rows, depth] = x.shape;
    const columns = kernel.shape[1];
    // The sums; with an activation its derivative takes their place once its values are in `y`.
    const sums = device.output([rows, columns]);
    const y = activation === undefined ? sums : device.output([rows, columns]);
    product(
      device,
      operand(device.address(x), rows, depth),
      operand(device.address(kernel), depth, columns),
      device.address(sums),
      { rows, columns, depth },
      {
        bias: device.addressIfAny(bias),
        residual: device.addressIfAny(residual),
        activation: activation && { kind: activationKinds[activation], address: device.address(y) },
      },
    );
    return activation === undefined ? [y] : [y, sums];
  },

  VitrailLinearGrad({ inputs, attrs }) {
    const { dy, x, kernel, preactivation } = inputs as Record<'dy' | 'x' | 'kernel', TensorInfo> & { preactivation?: TensorInfo };
    const { hasBias } = attrs as { hasBias: boolean };
    const [rows, depth] = x.shape;
    const columns = kernel.shape[1];
    const dx = device.output([rows, depth]);
    const dKernel = device.output([depth, columns]);
    const dBias = hasBias ? device.output([columns]) : undefined;
    withGradientOfSums(device, dy, preactivation, (dSums) => {
      const dSumsRows = operand(dSums, rows, columns);
      const kernelTurned = operand(device.address(kernel), depth, columns, true);
      const xTurned = operand(device.address(x), rows, depth, true);
      product(device, dSumsRows, kernelTurned, device.address(dx), { rows, columns: depth, depth: columns });
      product(
        device,
        xTurned,
        dSumsRows,
        device.address(dKernel),
        { rows: depth, columns, depth: rows },
        {
          columnSums: device.addressIfAny(dBias),
        },
      );
    });
    return dBias === undefined ? [dx, dKernel] : [dx, dKernel, dBias];
  },
});

/** Gives `f` the address of `dy * derivative`, or of `dy` itself where there is no activation. */
function withGradientOfSums(
  device: Device,
  dy: TensorInfo,
  derivative: TensorInfo | undefined,
  f: (dSums: number) => void,
): void {
  if (derivative === undefined) {
    f(device.address(dy));
    return;
  }
  const count = dy.shape[0] * dy.shape[1];
  device.withMemory(4 * count, (dSums) => {
    activationGradient(device, ActivationKind.None, device.address(dy), device.address(derivative), dSums, count);
    f(dSums);
  });
}
