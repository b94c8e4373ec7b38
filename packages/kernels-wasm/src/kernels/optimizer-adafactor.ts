import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { type AdafactorMatrix, adafactorPlan, LENGTH_WORD } from './optimizer-adafactor-plan.ts';
import { numbered, sizeOf } from './optimizer-table.ts';

type AdafactorAttributes = {
  decayExponent: number;
  clippingThreshold: number;
  scaleByParameter: boolean;
  t: number;
  rates: number[];
  decays: number[];
};

type Param = { param: TensorInfo; gradient: TensorInfo; rows?: TensorInfo; columns: TensorInfo };
type Outputs = { param: TensorInfo; rows?: TensorInfo; columns: TensorInfo };

/** Steps of `assembly/optimizer-adafactor.ts`. */
const steps = { squares: 0, factors: 1, norms: 2, update: 3 } as const;
/** epsilon_2 of the paper: the least root mean square that a parameter is taken to have. */
const PARAMETER_FLOOR = 1e-3;

/** `VitrailAdafactor`: three launches for all parameters, four where updates are clipped or scaled by the parameter. */
export const adafactorKernels: KernelSet = (device) => ({
  VitrailAdafactor({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const attributes = attrs as AdafactorAttributes;
    const { rates, decays, scaleByParameter } = attributes;
    const params = numbered(given, 'param').map((param, i) => paramOf(given, param, i));
    const outputs = params.map(
      ({ param, rows, columns }): Outputs => ({
        param: device.output(param.shape),
        rows: rows && device.output(rows.shape),
        columns: device.output(columns.shape),
      }),
    );
    const matrices = params.flatMap((param, i) => {
      const numbers = { shrink: 1 - rates[i] * decays[i], length: rates[i] };
      return matricesOf(device, i, param, outputs[i], numbers);
    });
    const plan = adafactorPlan(matrices);
    device.withMemory(plan.bytes, (memory) => {
      plan.write(device.backend.wasm.HEAPU8.buffer, memory);
      const beta2 = 1 - attributes.t ** -attributes.decayExponent;
      const launch = (step: number, tasks: number) => {
        const { blocks, matrices: table, sums } = plan.addresses(memory);
        const words = [step, blocks, table, device.addressIfAny(given.gradientScale), sums, scaleByParameter ? 1 : 0];
        device.launch(Kernel.Adafactor, tasks, words, [beta2, 1 - beta2]);
      };
      launch(steps.squares, plan.blocks);
      launch(steps.factors, matrices.length);
      if (attributes.clippingThreshold < Number.POSITIVE_INFINITY || scaleByParameter) {
        launch(steps.norms, plan.blocks);
        const sums = plan.sumsByParam(device.backend.wasm.HEAPU8.buffer, memory);
        const lengths = sums.map((sum, i) => lengthOf(sum, sizeOf(params[i].param), rates[i], attributes));
        const table = new Float32Array(device.backend.wasm.HEAPU8.buffer, plan.addresses(memory).matrices);
        matrices.forEach(({ param }, i) => {
          table[i * plan.matrixWords + LENGTH_WORD] = lengths[param];
        });
      }
      launch(steps.update, plan.blocks);
    });
    return outputs.flatMap(({ param, rows, columns }) => (rows === undefined ? [param, columns] : [param, rows, columns]));
  },
});

function paramOf(given: Record<string, TensorInfo | undefined>, param: TensorInfo, index: number): Param {
  const gradient = given[`gradient${index}`];
  const columns = given[`columns${index}`] ?? given[`secondMoment${index}`];
  if (gradient === undefined || columns === undefined) {
    throw new RangeError(`VitrailAdafactor: param${index} comes without its gradient or its moments`);
  }
  return { param, gradient, rows: given[`rows${index}`], columns };
}

/** The matrices over the last two axes; a vector or a scalar as a matrix of one row, without moments of rows. */
function matricesOf(
  device: Device,
  index: number,
  { param, gradient, rows: rowMoments, columns: columnMoments }: Param,
  outputs: Outputs,
  numbers: { shrink: number; length: number },
): AdafactorMatrix[] {
  const [columns = 1, rows = 1, ...stack] = [...param.shape].reverse();
  const count = stack.reduce((product, length) => product * length, 1);
  const slice = (tensor: TensorInfo | undefined, size: number, at: number) =>
    tensor === undefined ? 0 : device.address(tensor) + 4 * size * at;
  return Array.from({ length: rows * columns === 0 ? 0 : count }, (_, at) => ({
    param: index,
    rows,
    columns,
    addresses: [
      ...[param, gradient, outputs.param].map((tensor) => slice(tensor, rows * columns, at)),
      ...[rowMoments, outputs.rows].map((tensor) => slice(tensor, rows, at)),
      ...[columnMoments, outputs.columns].map((tensor) => slice(tensor, columns, at)),
    ],
    ...numbers,
  }));
}

/** What the direction is multiplied by, with float32 sums as in the composition. */
function lengthOf(
  { direction, param }: { direction: number; param: number },
  size: number,
  rate: number,
  { clippingThreshold, scaleByParameter }: AdafactorAttributes,
): number {
  const rootMeanSquare = (sum: number) => Math.sqrt(Math.fround(sum) / size);
  const clipped = rate / Math.max(rootMeanSquare(direction) / clippingThreshold, 1);
  return scaleByParameter ? clipped * Math.max(rootMeanSquare(param), PARAMETER_FLOOR) : clipped;
}
