import type { Spec } from '../workloads/workload.ts';
import type { Engine } from './engine.ts';
import type { TfjsName } from './tfjs/start-tfjs.ts';

/** What is measured together: on processors, or on a GPU. */
export const suites = ['cpu', 'webgpu'] as const;

/** One of {@link suites}. */
export type Suite = (typeof suites)[number];

/** An engine: how it is started, and what it is asked. */
export type EngineDefinition = {
  name: EngineName;
  /** One line for people. */
  title: string;
  kinds: readonly Spec['kind'][];
  /** Whether it is measured at every thread count; else on one thread. */
  threaded: boolean;
  /** Relative difference from the first engine that its precision explains, where that is not float32. */
  allowed?: number;
  /** Whether it runs only when asked for. */
  peer: boolean;
  /** Where its process comes from: this program, or a script in `peers/`, with arguments after the number of threads. */
  runsIn: { node: (threads: number) => Promise<Engine> } | { python: string; args?: readonly string[] };
};

const engineNames = [
  'vitrail',
  'vitrail-128',
  'vitrail-f16',
  'composition',
  'peak',
  'tensorflow',
  'stock',
  'jax-js',
  'torch',
  'jax',
] as const;

/** An engine by name. */
export type EngineName = (typeof engineNames)[number];

const steps = ['gemm', 'attention', 'layer-norm', 'vit-step'] as const;

async function tfjs(name: TfjsName, threads: number): Promise<Engine> {
  const { tfjsEngine } = await import('./tfjs/tfjs-engine.ts');
  return tfjsEngine(name, threads);
}

const cpuEngines: readonly EngineDefinition[] = [
  {
    name: 'vitrail',
    title: 'Vitrail on wasm, with its kernels',
    kinds: [...steps, 'recipe-step'],
    threaded: true,
    peer: false,
    runsIn: { node: (threads) => tfjs('vitrail', threads) },
  },
  {
    name: 'vitrail-128',
    title: 'the same with vectors of 128 bits: what it is in browsers',
    kinds: [...steps, 'recipe-step'],
    threaded: true,
    peer: true,
    runsIn: { node: (threads) => tfjs('vitrail-128', threads) },
  },
  {
    name: 'composition',
    title: 'Vitrail on wasm, kernels off: its ops as compositions of the kernels of tfjs',
    kinds: [...steps, 'recipe-step'],
    threaded: false,
    peer: false,
    runsIn: { node: (threads) => tfjs('composition', threads) },
  },
  {
    name: 'peak',
    title: 'as many multiply-adds in registers, 128-bit: the least time a product can take in WebAssembly without packed vectors',
    kinds: ['gemm'],
    threaded: true,
    peer: false,
    runsIn: { node: async (threads) => (await import('./peak/peak-engine.ts')).peakEngine(threads) },
  },
  {
    name: 'tensorflow',
    title: 'Vitrail on the tensorflow backend of tfjs (libtensorflow)',
    kinds: [...steps, 'recipe-step'],
    threaded: true,
    peer: true,
    runsIn: { node: (threads) => tfjs('tensorflow', threads) },
  },
  {
    name: 'stock',
    title: 'tfjs on wasm as it comes: the same model in ops of tfjs, AdamW in element-wise ops',
    kinds: steps,
    threaded: false,
    peer: true,
    runsIn: { node: (threads) => tfjs('stock', threads) },
  },
  {
    name: 'jax-js',
    title: 'jax-js on wasm, jitted; one thread in Node',
    kinds: steps,
    threaded: false,
    peer: true,
    runsIn: { node: async () => (await import('./jax-js/jax-js-engine.ts')).jaxJsEngine('wasm') },
  },
  {
    name: 'torch',
    title: 'PyTorch, eager, scaled_dot_product_attention, fused AdamW',
    kinds: steps,
    threaded: true,
    peer: true,
    runsIn: { python: 'torch_peer.py' },
  },
  {
    name: 'jax',
    title: 'JAX, the whole step jitted, buffers donated',
    kinds: steps,
    threaded: true,
    peer: true,
    runsIn: { python: 'jax_peer.py' },
  },
];

const gpuEngines: readonly EngineDefinition[] = [
  {
    name: 'vitrail',
    title: 'Vitrail on webgpu, with its kernels, float32',
    kinds: [...steps, 'recipe-step'],
    threaded: false,
    peer: false,
    runsIn: { node: (threads) => tfjs('webgpu', threads) },
  },
  {
    name: 'vitrail-f16',
    title: 'the same with activations in float16',
    allowed: 1e-2,
    kinds: ['gemm', 'attention', 'layer-norm', 'vit-step'],
    threaded: false,
    peer: true,
    runsIn: { node: (threads) => tfjs('webgpu-f16', threads) },
  },
  {
    name: 'peak',
    title: "products of Vitrail's own, 1024 wide, of as many operations: what its whole step is measured against",
    kinds: ['gemm', 'vit-step'],
    threaded: false,
    peer: false,
    runsIn: { node: async () => (await import('./tfjs/product-peak-engine.ts')).productPeakEngine() },
  },
  {
    name: 'stock',
    title: 'tfjs on webgpu as it comes: the same model in ops of tfjs, AdamW in element-wise ops',
    kinds: steps,
    threaded: false,
    peer: false,
    runsIn: { node: (threads) => tfjs('webgpu-stock', threads) },
  },
  {
    name: 'jax-js',
    title: 'jax-js on webgpu, jitted',
    kinds: steps,
    threaded: false,
    peer: true,
    runsIn: { node: async () => (await import('./jax-js/jax-js-engine.ts')).jaxJsEngine('webgpu') },
  },
  {
    name: 'torch',
    title: 'PyTorch on CUDA, eager, autocast to bfloat16, scaled_dot_product_attention, fused AdamW',
    allowed: 3e-2,
    kinds: steps,
    threaded: false,
    peer: true,
    runsIn: { python: 'torch_peer.py', args: ['cuda'] },
  },
];

/** Every engine there is, by suite; those without `peer` always run. Code of an engine is loaded in its own process only. */
export const engines: Readonly<Record<Suite, readonly EngineDefinition[]>> = { cpu: cpuEngines, webgpu: gpuEngines };

/** Names that `--with` takes. */
export function peerNames(suite: Suite): readonly EngineName[] {
  return engines[suite].filter(({ peer }) => peer).map(({ name }) => name);
}
