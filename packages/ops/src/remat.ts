import { engine, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { differentiable } from './dispatch.ts';

/**
 * Rematerialisation (gradient checkpointing): `f(...inputs)`, of which only the inputs are kept for the backward pass, where `f` runs
 * again. Saves the memory of everything inside `f`, for one more forward pass.
 *
 * Gradients reach only what is in `inputs`: parameters that `f` uses must be passed through them, since a tensor that `f` closes over counts
 * as a constant (and must live until the backward pass). `f` must give the same result twice: no random numbers drawn inside.
 *
 * @param f from the inputs to one tensor; runs inside `tidy`
 * @param inputs everything that `f` depends on and that may need a gradient
 * @returns the value of `f`, the caller's
 * @see "Training Deep Nets with Sublinear Memory Cost", Chen et al. 2016 (arXiv 1604.06174)
 * @example remat((x, kernel) => linear(x, { kernel }, 'gelu'), [ones([2, 8]), ones([8, 3])]).shape // [2, 3]
 */
export function remat<T extends Tensor>(f: (...inputs: Tensor[]) => T, inputs: readonly Tensor[]): T {
  return differentiable<T>(
    inputs,
    () => ({ value: f(...inputs), saved: [...inputs] }),
    (dy, saved) =>
      withOwnTape(() => {
        const { value, grads } = engine().gradients(() => f(...saved), saved, dy);
        value.dispose();
        // tfjs leaves a hole for an input that the value does not depend on.
        return grads.map((gradient: Tensor | undefined, i) => gradient ?? zeros(saved[i].shape));
      }),
  );
}

/** tfjs keeps one tape, and the end of an inner gradient clears it; the outer pass, which is under way, still needs its own. */
function withOwnTape<R>(run: () => R): R {
  const { state } = engine();
  const outer = state.activeTape;
  try {
    return run();
  } finally {
    state.activeTape = outer;
  }
}
