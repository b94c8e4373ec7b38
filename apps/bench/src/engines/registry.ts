import type { Spec } from '../workloads/workload.ts';
import type { Engine } from './engine.ts';

/** An engine: how it is started, and what it is asked. */
export type EngineDefinition = {
  name: EngineName;
  /** One line for people. */
  title: string;
  kinds: readonly Spec['kind'][];
  /** Whether it is measured at every thread count; else on one thread. */
  threaded: boolean;
  /** Where its process comes from: this program, or a script in `peers/`. */
  runsIn: { node: (threads: number) => Promise<Engine> } | { python: string };
};

const engineNames = ['vitrail', 'composition', 'peak', 'tensorflow', 'stock', 'jax-js', 'torch', 'jax'] as const;

/** An engine by name. */
export type EngineName = (typeof engineNames)[number];

const steps = ['gemm', 'attention', 'layer-norm', 'vit-step'] as const;

async function tfjs(name: 'vitrail' | 'composition' | 'tensorflow' | 'stock', threads: number): Promise<Engine> {
  const { tfjsEngine } = await import('./tfjs/tfjs-engine.ts');
  return tfjsEngine(name, threads);
}

/** Every engine there is; those without `peer` always run. Code of an engine is loaded in its own process only. */
export const engines: readonly (EngineDefinition & { peer: boolean })[] = [
  {
    name: 'vitrail',
    title: 'Vitrail on wasm, with its kernels',
    kinds: [...steps, 'recipe-step'],
    threaded: true,
    peer: false,
    runsIn: { node: (threads) => tfjs('vitrail', threads) },
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
    title: 'as many multiply-adds in registers, 128-bit: the least time a product can take in WebAssembly',
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
    runsIn: { node: async () => (await import('./jax-js/jax-js-engine.ts')).jaxJsEngine() },
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

/** Names that `--with` takes. */
export const peerNames: readonly EngineName[] = engines.filter(({ peer }) => peer).map(({ name }) => name);
