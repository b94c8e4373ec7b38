import {
  add,
  cast,
  concat1d,
  div,
  greaterEqual,
  isFinite as isFiniteOf,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  mul,
  reshape,
  type Scalar,
  slice1d,
  stack,
  type Tensor,
  type Tensor1D,
  tensor1d,
  tidy,
  unstack,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { runOrCompose } from '@vitrail/ops';
import type { KernelName } from './kernels.ts';

/** What {@link guardStep} is told of a step, and how it is to guard. */
export type GuardedStep = {
  /** The loss, then any other numbers of the step, `[1 + M]`. */
  numbers: Tensor1D;
  /** The global norm of the gradients, a scalar: of those of the scaled loss, where losses are scaled. */
  norm: Scalar;
  /** Of {@link initialCounts} or of the step before. */
  counts: Tensor1D;
  /** Above 0; `Infinity` by default: gradients are not clipped. */
  maximumNorm?: number;
  /** Whether gradients are those of the loss times the scale in `counts`; false by default. */
  lossScaling?: boolean;
};

/** The largest and the smallest scale, and how many good steps in a row double it. */
const MAXIMUM_SCALE = 2 ** 24;
const MINIMUM_SCALE = 1;
const GROWTH_INTERVAL = 2000;

/**
 * The counts before the first step, `[4]`: steps left out so far, steps left out in a row, the scale for losses (2^16 at the start), and good
 * steps since it last changed. Where losses are not scaled, the last two stay as they are.
 *
 * @example initialCounts().shape // [4], values 0, 0, 65536, 0
 */
export function initialCounts(): Tensor1D {
  return tensor1d([0, 0, 2 ** 16, 0]);
}

/** The scale for the loss in counts, a scalar, the caller's. */
export function lossScaleOf(counts: Tensor1D): Scalar {
  return tidy(() => reshape(slice1d(counts, 2, 1), []));
}

/**
 * Decides on the device whether a step's update is made: not when the loss or the norm of the gradients is not finite. Counts what is left
 * out, clips to a global norm, and adapts the scale of the loss; nothing is read back. One kernel (`VitrailStepGuard`) where one is registered.
 *
 *     norm = norm / scale
 *     gradientScale = min(1, maximumNorm / norm) / scale, NaN for a step to be left out: the gradientScale of `update` and of unlessNaN
 *     scale = scale / 2 after a step left out, 2 scale after 2,000 good steps in a row, within [1, 2^24]
 *
 * The rule for the scale is that of `torch.amp.GradScaler`, which has no bounds. There the norm does not count, only the gradients; here
 * gradients whose squares overflow are left out too.
 *
 * @returns new tensors, the caller's: `gradientScale []`; the next `counts [4]`; `numbers [2 + M]` with the norm of the unscaled gradients,
 *   before clipping, as the last; `counted [3 + M]`, 1 and these numbers, or zeros for a step left out, to be summed for means
 * @throws `invalid-argument` for a maximum that is not above 0
 * @see Micikevicius et al. 2018, "Mixed Precision Training", section 3.2, https://arxiv.org/abs/1710.03740
 * @example guardStep({ numbers: tensor1d([3.2]), norm: scalar(5), counts: initialCounts(), maximumNorm: 1 }).gradientScale // 0.2
 */
export function guardStep({ numbers, norm, counts, maximumNorm = Number.POSITIVE_INFINITY, lossScaling = false }: GuardedStep): {
  gradientScale: Scalar;
  counts: Tensor1D;
  numbers: Tensor1D;
  counted: Tensor1D;
} {
  if (!(maximumNorm > 0)) {
    throw new VitrailError(
      'invalid-argument',
      `guardStep: maximumNorm is above 0 (Infinity for no clipping), but ${maximumNorm} came`,
    );
  }
  const attributes = {
    maximumNorm,
    lossScaling,
    growthInterval: GROWTH_INTERVAL,
    minimumScale: MINIMUM_SCALE,
    maximumScale: MAXIMUM_SCALE,
  };
  const [gradientScale, next, all, counted] = runOrCompose<KernelName>(
    'VitrailStepGuard',
    { numbers, norm, counts },
    attributes,
    () => tidy(() => compose(numbers, norm, counts, maximumNorm, lossScaling)),
  );
  return {
    gradientScale: gradientScale as Scalar,
    counts: next as Tensor1D,
    numbers: all as Tensor1D,
    counted: counted as Tensor1D,
  };
}

function compose(numbers: Tensor1D, scaledNorm: Scalar, counts: Tensor1D, maximumNorm: number, lossScaling: boolean) {
  const [skipped, inARow, scale, goodSteps] = unstack(counts);
  const norm = lossScaling ? div(scaledNorm, scale) : scaledNorm;
  const good = logicalAnd(isFiniteOf(reshape(slice1d(numbers, 0, 1), [])), isFiniteOf(norm));
  const bad = cast(logicalNot(good), 'float32');

  const clip = maximumNorm < Number.POSITIVE_INFINITY ? div(maximumNorm, maximum(norm, maximumNorm)) : add(zerosLike(scale), 1);
  const gradientScale = where(good, lossScaling ? div(clip, scale) : clip, Number.NaN);

  const nextScale = lossScaling ? adaptedScale(scale, goodSteps, good) : [scale, goodSteps];
  const nextCounts = stack([add(skipped, bad), mul(add(inARow, 1), bad), ...nextScale]);

  const all = concat1d([numbers, reshape(norm, [1])]);
  const withOne = concat1d([tensor1d([1]), all]);
  return [gradientScale, nextCounts, all, where(good, withOne, zerosLike(withOne))];
}

/** The scale of the loss after a step, and how many good steps it has been so. */
function adaptedScale(scale: Tensor, goodSteps: Tensor, good: Tensor): Tensor[] {
  const steps = add(goodSteps, 1);
  const grows = greaterEqual(steps, GROWTH_INTERVAL);
  const grown = where(grows, minimum(mul(scale, 2), MAXIMUM_SCALE), scale);
  const halved = maximum(mul(scale, 0.5), MINIMUM_SCALE);
  return [where(good, grown, halved), where(logicalAnd(good, logicalNot(grows)), steps, zerosLike(steps))];
}
