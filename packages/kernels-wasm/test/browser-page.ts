import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { type Rank, setBackend, type Tensor, type Tensor3D, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import { attention, layerNorm, linear, residualLinear } from '@vitrail/ops';
import { sampleTensor } from '../../testing/src/sample-tensor.ts';
import { registerWasmKernels, type WasmKernelOptions } from '../src/index.ts';

/** What the page finds: what runs, and the largest difference from the cpu backend in values and gradients of a transformer layer. */
export type PageReport = { build: string; threads: number; isolated: boolean; difference: number };

async function report(options: WasmKernelOptions): Promise<PageReport> {
  const { build, threads } = await registerWasmKernels(options);
  const onWasm = layerAndGradients();
  await setBackend('cpu');
  const onCpu = layerAndGradients();
  const difference = Math.max(...onCpu.map((values, i) => largestDifference(values, onWasm[i])));
  return { build, threads, isolated: globalThis.crossOriginIsolated, difference };
}

function layerAndGradients(): Float32Array[] {
  const [batch, tokens, width, heads] = [3, 49, 48, 4];
  return tidy(() => {
    const shapes = [
      [batch, tokens, width],
      [width],
      [width],
      [width, 3 * width],
      [width, width],
      [width, 4 * width],
      [4 * width, width],
    ];
    const inputs = shapes.map((shape, seed) => sampleTensor<Rank>(shape as [number], seed + 1));
    const { value, grads } = valueAndGrads(
      (x: Tensor, scale: Tensor, bias: Tensor, qkv: Tensor, proj: Tensor, fc1: Tensor, fc2: Tensor) => {
        const packed = linear(layerNorm(x, { scale, bias }), { kernel: qkv }) as Tensor3D;
        const attended = residualLinear(attention(packed, { heads }), { kernel: proj }, x);
        return residualLinear(linear(attended, { kernel: fc1 }, 'gelu'), { kernel: fc2 }, attended);
      },
    )(inputs, sampleTensor<Rank>([batch, tokens, width], 9));
    return [value, ...grads].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

/** Relative to the largest value. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  const scale = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-30);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]) / scale), 0);
}

Object.assign(globalThis, { report });
