/** A smooth convex function at a point. */
export type Evaluation = { value: number; gradient: Float64Array };

/** What {@link minimize} takes. */
export type MinimizeOptions = {
  evaluate: (point: Float64Array) => Promise<Evaluation>;
  start: Float64Array;
  /** Multiplies a vector, in place, by a fixed positive definite guess of the inverse Hessian. */
  precondition: (vector: Float64Array) => void;
  /** Done when no coordinate of the gradient is larger. */
  gradientTolerance: number;
  maxIterations: number;
};

/** Steps that are remembered. */
const memory = 10;
/** A step must win this share of what the slope promises (Armijo). */
const sufficientDecrease = 1e-4;
const maxHalvings = 12;

/**
 * Limited-memory BFGS with a preconditioner and step halving. Ends at the tolerance, after `maxIterations`, or when float noise lets no
 * step go down any more. Deterministic.
 *
 * @see Nocedal, Wright: Numerical Optimization, 2nd edition, algorithms 7.4 and 3.1
 */
export async function minimize({
  evaluate,
  start,
  precondition,
  gradientTolerance,
  maxIterations,
}: MinimizeOptions): Promise<Float64Array> {
  const history: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  let point = start;
  let current = await evaluate(point);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (current.gradient.every((slope) => Math.abs(slope) <= gradientTolerance)) break;

    const direction = current.gradient.map((slope) => -slope);
    const shares = history.map(() => 0);
    for (let i = history.length - 1; i >= 0; i--) {
      shares[i] = dot(history[i].step, direction) / history[i].curvature;
      addScaled(direction, history[i].change, -shares[i]);
    }
    precondition(direction);
    history.forEach(({ step, change, curvature }, i) => {
      addScaled(direction, step, shares[i] - dot(change, direction) / curvature);
    });

    const slope = dot(direction, current.gradient);
    const found = await searchLine(evaluate, point, direction, current.value, slope);
    if (found === undefined) break;
    const change = found.evaluation.gradient.map((value, i) => value - current.gradient[i]);
    const step = found.point.map((value, i) => value - point[i]);
    const curvature = dot(step, change);
    if (curvature > 0) history.push({ step, change, curvature });
    if (history.length > memory) history.shift();
    point = found.point;
    current = found.evaluation;
  }
  return point;
}

async function searchLine(
  evaluate: MinimizeOptions['evaluate'],
  point: Float64Array,
  direction: Float64Array,
  value: number,
  slope: number,
): Promise<{ point: Float64Array; evaluation: Evaluation } | undefined> {
  let length = 1;
  for (let halving = 0; halving < maxHalvings; halving++) {
    const next = point.map((x, i) => x + length * direction[i]);
    const evaluation = await evaluate(next);
    if (evaluation.value <= value + sufficientDecrease * length * slope) return { point: next, evaluation };
    length /= 2;
  }
  return undefined;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * source[i];
}
