import type { Tensor2D } from '@tensorflow/tfjs-core';
import {
  countShapes,
  fanInUniform,
  filled,
  type Initializer,
  initParameters,
  linearShapes,
  type Rng,
  truncatedNormal,
  VitrailError,
} from '@vitrail/core';
import type { LinearParams } from '@vitrail/ops';

/** Sizes of a prototype head. The code of DINO and iBOT has 2048 hidden, a bottleneck of 256, and 65,536 or 8,192 prototypes; TIPS 32,768. */
export type PrototypeHeadConfig = {
  /** D, the length of the tokens that come in. */
  readonly width: number;
  /** Length of the two hidden layers. */
  readonly hidden: number;
  /** d, the length of the unit vectors that are compared with the prototypes. */
  readonly bottleneck: number;
  /** K, the number of prototypes. */
  readonly prototypes: number;
};

/** The MLP of a head, `D -> hidden -> hidden -> d`. Kernels are `[inputs, outputs]`. */
export type HeadTrunkParams = { readonly fc1: LinearParams; readonly fc2: LinearParams; readonly fc3: LinearParams };

/** `directions` `[K, d]`: one prototype per row, of any length; what counts is where it points (PyTorch's `weight_v`). */
export type PrototypeParams = { readonly directions: Tensor2D };

/**
 * A prototype head. Heads that share a trunk, as in iBOT, lie in a tree like
 * `{ trunk, cls: { prototypes }, patch: { prototypes } }`, and one is applied with
 * `applyPrototypeHead({ trunk: heads.trunk, ...heads.cls }, x)`: in either layout `heads.cls.prototypes.directions` is the last layer.
 */
export type PrototypeHeadParams = { readonly trunk: HeadTrunkParams; readonly prototypes: PrototypeParams };

/** The shape of every parameter of {@link PrototypeHeadParams}. */
export function prototypeHeadShapes({ width, hidden, bottleneck, prototypes }: PrototypeHeadConfig) {
  return {
    trunk: { fc1: linearShapes(width, hidden), fc2: linearShapes(hidden, hidden), fc3: linearShapes(hidden, bottleneck) },
    prototypes: { directions: [prototypes, bottleneck] },
  };
}

/**
 * The number of parameters of a head, counted from shapes alone: nothing is allocated. The gains of the weight norm are fixed and not
 * counted.
 *
 * @example prototypeHeadParameterCount({ width: 768, hidden: 2048, bottleneck: 256, prototypes: 32768 }) // 14684416
 */
export function prototypeHeadParameterCount(config: PrototypeHeadConfig): number {
  return countShapes(prototypeHeadShapes(config));
}

/**
 * A freshly initialised head: kernels N(0, 0.02^2) cut at two deviations, biases 0, prototypes uniform within `+-1 / sqrt(d)`.
 *
 * As `DINOHead` of DINO, iBOT and DINOv2, where the last layer is made after the others were filled and keeps the default of PyTorch's
 * linear layers. (Their normal distribution is cut at +-2, so in effect not at all.)
 *
 * @param rng each parameter draws from its own stream, named by its path
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for sizes that are not whole numbers of at least 1
 * @see "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021 (arXiv 2104.14294), section 3.1 and
 *   appendix C; code facebookresearch/dino, `vision_transformer.py`
 * @example
 * const config = { width: 96, hidden: 256, bottleneck: 64, prototypes: 512 };
 * initPrototypeHead(config, createRng(0)).prototypes.directions.shape // [512, 64]
 */
export function initPrototypeHead(config: PrototypeHeadConfig, rng: Rng): PrototypeHeadParams {
  return { trunk: initHeadTrunk(config, rng.fork('trunk')), prototypes: initPrototypes(config, rng.fork('prototypes')) };
}

/**
 * The MLP of {@link initPrototypeHead} alone, for a trunk that several heads share.
 *
 * @returns the parameter tree, the caller's
 * @throws `invalid-argument` for sizes that are not whole numbers of at least 1
 * @example initHeadTrunk({ width: 96, hidden: 256, bottleneck: 64, prototypes: 512 }, createRng(0)).fc3.kernel.shape // [256, 64]
 */
export function initHeadTrunk(config: PrototypeHeadConfig, rng: Rng): HeadTrunkParams {
  requireSizes('initHeadTrunk', config);
  return initParameters(prototypeHeadShapes(config).trunk, rng, [
    ['**.kernel', truncatedNormal(0.02)],
    ['**.bias', filled(0)],
  ]) as HeadTrunkParams;
}

/**
 * The prototypes of {@link initPrototypeHead} alone, for a head on a shared trunk.
 *
 * @returns the parameter tree, the caller's
 * @throws `invalid-argument` for sizes that are not whole numbers of at least 1
 * @example initPrototypes({ width: 96, hidden: 256, bottleneck: 64, prototypes: 512 }, createRng(0)).directions.shape // [512, 64]
 */
export function initPrototypes(config: PrototypeHeadConfig, rng: Rng): PrototypeParams {
  requireSizes('initPrototypes', config);
  return initParameters(prototypeHeadShapes(config).prototypes, rng, [['directions', rowsUniform]]) as PrototypeParams;
}

/** {@link fanInUniform} for a matrix whose inputs are its columns. */
const rowsUniform: Initializer = ([outputs, inputs], rng) => fanInUniform([inputs, outputs], rng);

function requireSizes(what: string, { width, hidden, bottleneck, prototypes }: PrototypeHeadConfig): void {
  for (const [name, size] of Object.entries({ width, hidden, bottleneck, prototypes })) {
    if (!(Number.isSafeInteger(size) && size >= 1)) {
      throw new VitrailError('invalid-argument', `${what}: ${name} must be a whole number of at least 1, but ${size} came`);
    }
  }
}
