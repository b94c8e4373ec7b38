import { getGradient } from '@tensorflow/tfjs-core';
import { quietly } from './quietly.ts';

/**
 * Registers the gradients of all tfjs kernels, which `@tensorflow/tfjs-core` leaves out. {@link startBackend} does it; call this where you
 * start a backend yourself. A second call does nothing.
 *
 * The gradients come bundled with this package, because `@tensorflow/tfjs-core/dist/register_all_gradients` cannot be imported by Node;
 * they go into the registry of the tfjs-core that the program uses, which is global.
 *
 * @example
 * await registerGradients();
 * grad((x) => square(x))(scalar(3)) // Tensor [], 6
 */
export async function registerGradients(): Promise<void> {
  if (getGradient('BatchMatMul') !== undefined) return;
  await quietly(() => import('@tensorflow/tfjs-core/dist/register_all_gradients'));
}
