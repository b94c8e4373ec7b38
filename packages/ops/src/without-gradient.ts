import { engine, type TensorContainer, tidy } from '@tensorflow/tfjs-core';

/**
 * Runs `f` outside the gradient tape: what it computes is a constant to whatever gradient is being taken, and nothing inside is kept for a
 * backward pass. For teachers, whose activations would otherwise stay in memory until that pass.
 *
 * @param f what to compute; runs inside `tidy`
 * @returns what `f` returns, the caller's
 * @example withoutGradient(() => linear(ones([2, 8]), { kernel: ones([8, 3]) })).shape // [2, 3]
 */
export function withoutGradient<T extends TensorContainer>(f: () => T): T {
  const { state } = engine();
  const depth = state.gradientDepth;
  state.gradientDepth = 0; // tfjs records nothing at this depth
  try {
    return tidy(f);
  } finally {
    state.gradientDepth = depth;
  }
}
