import type { Tensor } from '@tensorflow/tfjs-core';

/** Last names of embeddings of a place or a role, and of shifts and temperatures, whatever their rank. */
const WITHOUT_DECAY = new Set(['cls', 'maskToken', 'position', 'logitScale', 'bias']);

/**
 * Whether a parameter gets weight decay by default: kernels and token embeddings do; tensors of rank 0 and 1 (biases, norm scales) and
 * everything whose last name is `cls`, `maskToken`, `position`, `logitScale` or `bias` do not.
 *
 * As current OpenCLIP, which excepts rank 1 and below and the position and class embeddings that a tower declares. Its older rule, which SLIP and CLIP-Rocket use and
 * which decays positions and CLS tokens too, is `decays: (path, param) => param.rank > 1`.
 *
 * @example decaysByDefault('image.position', zeros([16, 16, 192])) // false
 */
export function decaysByDefault(path: string, param: Tensor): boolean {
  return param.rank > 1 && !WITHOUT_DECAY.has(path.slice(path.lastIndexOf('.') + 1));
}
