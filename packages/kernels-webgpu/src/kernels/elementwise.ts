import { broadcast_util, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type Device, WORKGROUP_LIMIT } from '../device.ts';
import { sizeOf } from '../placement.ts';
import { type BinaryOperator, binary, MOST_TERMS, sumOfTerms } from '../shaders/elementwise.ts';
import { swiglu, swigluGrad } from '../shaders/swiglu.ts';
import type { KernelSet } from './kernel-set.ts';

const operators: Readonly<Record<string, BinaryOperator>> = { Add: '+', Sub: '-', Multiply: '*' };

/**
 * `Add`, `Sub` and `Multiply` of tfjs where an operand is stored as halves, so that residual streams and gradients that tfjs adds up
 * stay so: of equal shapes, or with a single number; tfjs does the rest. `AddN` for any float32 (that of tfjs binds all terms at once, which
 * devices refuse). And `VitrailSwiglu` with its gradient. Each is one launch, `AddN` one for every {@link MOST_TERMS} terms.
 */
export const elementwiseKernels: KernelSet = (device, stock) => {
  const kernels: Record<string, KernelFunc> = {
    AddN(params) {
      const terms = params.inputs as unknown as TensorInfo[];
      return terms.every(isFloat) ? addUp(device, terms) : stock('AddN')(params);
    },

    VitrailSwiglu({ inputs }) {
      const { gate, value } = inputs as Record<'gate' | 'value', TensorInfo>;
      const y = device.activation(gate.shape);
      const count = sizeOf(gate.shape);
      device.launch(swiglu, undefined, { gate, value, y }, { count }, workgroupsFor(count));
      return [y];
    },

    VitrailSwigluGrad({ inputs }) {
      const { dy, gate, value } = inputs as Record<'dy' | 'gate' | 'value', TensorInfo>;
      const dGate = device.activation(gate.shape);
      const dValue = device.activation(gate.shape);
      const count = sizeOf(gate.shape);
      device.launch(swigluGrad, undefined, { dy, gate, value, dGate, dValue }, { count }, workgroupsFor(count));
      return [dGate, dValue];
    },
  };
  for (const [name, operator] of Object.entries(operators)) {
    kernels[name] = (params) => {
      const { a, b } = params.inputs as Record<'a' | 'b', TensorInfo>;
      const full = sizeOf(a.shape) >= sizeOf(b.shape) ? a : b;
      const alike = util.arraysEqual(a.shape, b.shape);
      const single = sizeOf(a.shape) === 1 || sizeOf(b.shape) === 1;
      const half = device.store.isHalf(full) || (alike && device.store.isHalf(b));
      if (!isFloat(a) || !isFloat(b) || !half || !(alike || single)) return stock(name)(params);
      const y = device.activation(broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape));
      const count = sizeOf(y.shape);
      const width = count % 4 === 0 ? 4 : 1;
      const aSingle = sizeOf(a.shape) < count;
      const bSingle = sizeOf(b.shape) < count;
      const vectors = count / width;
      device.launch(binary, { operator, width, aSingle, bSingle }, { a, b, y }, { count: vectors }, workgroupsFor(vectors));
      return y;
    };
  }
  return kernels;
};

/** The sum of tensors of one shape, in their order; as many at a time as a launch can bind. */
function addUp(device: Device, terms: readonly TensorInfo[]): TensorInfo {
  const { shape } = terms[0];
  const y = terms.some((term) => device.store.isHalf(term)) ? device.activation(shape) : device.output(shape);
  const count = sizeOf(shape);
  const width = count % 4 === 0 ? 4 : 1;
  const now = terms.slice(0, MOST_TERMS);
  const operands = { ...Object.fromEntries(now.map((term, index) => [`x${index}`, term])), y };
  device.launch(sumOfTerms, { terms: now.length, width }, operands, { count: count / width }, workgroupsFor(count / width));
  if (terms.length <= MOST_TERMS) return y;
  const sum = addUp(device, [y, ...terms.slice(MOST_TERMS)]);
  device.backend.disposeData(y.dataId);
  return sum;
}

function isFloat({ dtype }: TensorInfo): boolean {
  return dtype === 'float32';
}

function workgroupsFor(count: number): number {
  return Math.ceil(count / WORKGROUP_LIMIT);
}
