import {
  concat,
  dispose,
  exp,
  logSoftmax,
  mul,
  neg,
  ones,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type { LinearParams } from '@vitrail/ops';
import { matrixProduct } from '@vitrail/ops';
import { cholesky, solveCholesky } from './cholesky.ts';
import { minimize } from './minimize.ts';
import { takeValues } from './take-values.ts';

/** Largest gradient, per row, at which a fit is done: below it float32 noise takes over. */
const gradientTolerance = 1e-5;
const maxIterations = 200;
/** Rounding of the sums in `X^T X`, per row: what keeps the bound positive definite when features depend on each other. */
const roundingShare = 1e-5;

/**
 * Multinomial logistic regression: minimises `sum_i -log softmax(x_i W + b)[y_i] + l2/2 ||W||^2`. The bias is not penalised.
 *
 * L-BFGS from zero weights, preconditioned by Boehning's bound of the Hessian, `1/2 X^T X + l2`.
 *
 * @param x `[n, D]`, columns of about one scale
 * @param labels `[n]`, each class of `[0, classCount)` at least once: without examples a class has no finite bias
 * @returns kernel `[D, C]` and bias `[C]`, the caller's
 * @see Boehning 1992, "Multinomial logistic regression algorithm"
 */
export async function fitLogisticRegression(
  x: Tensor2D,
  labels: ArrayLike<number>,
  { classCount, l2 }: { classCount: number; l2: number },
): Promise<LinearParams> {
  const [rows, width] = x.shape;
  const penalised = width * classCount; // weights come first, then the bias: the last row of [D + 1, C]
  const objective = tidy(() => {
    const inputs = concat([x, ones([rows, 1])], 1) as Tensor2D; // [n, D + 1]
    // Products of untransposed matrices are the fast ones on every backend, so the transposition is kept.
    return { inputs, inputColumns: transpose(inputs), truth: tensor2d(oneHot(labels, classCount), [rows, classCount]) };
  });
  const { inputs, inputColumns, truth } = objective;

  const evaluate = async (weights: Float64Array) => {
    const lossesAndSlopes = tidy((): [Tensor1D, Tensor2D] => {
      const logits = matrixProduct(inputs, tensor2d(Float32Array.from(weights), [width + 1, classCount]));
      const logShares = logSoftmax(logits); // [n, C]
      return [neg(sum<Tensor1D>(mul(logShares, truth), 1)), matrixProduct(inputColumns, sub(exp(logShares), truth))];
    });
    const [losses, slopes] = await Promise.all(lossesAndSlopes.map(takeValues));
    let value = losses.reduce((total, loss) => total + loss, 0);
    const gradient = Float64Array.from(slopes);
    for (let i = 0; i < penalised; i++) {
      value += (l2 / 2) * weights[i] ** 2;
      gradient[i] += l2 * weights[i];
    }
    return { value, gradient };
  };

  try {
    const product = await takeValues(tidy(() => matrixProduct(inputColumns, inputs))); // [D + 1, D + 1]
    const ridge = Math.max(l2, roundingShare * rows);
    const bound = Float64Array.from(product, (value, i) => value / 2 + (i % (width + 2) === 0 ? ridge : 0));
    const factor = cholesky(bound, width + 1);
    const weights = Float32Array.from(
      await minimize({
        evaluate,
        start: new Float64Array(penalised + classCount),
        precondition: (vector) => solveCholesky(factor, vector, width + 1),
        gradientTolerance: gradientTolerance * rows,
        maxIterations,
      }),
    );
    return {
      kernel: tensor2d(weights.subarray(0, penalised), [width, classCount]),
      bias: tensor1d(weights.subarray(penalised)),
    };
  } finally {
    dispose(objective);
  }
}

function oneHot(labels: ArrayLike<number>, classCount: number): Float32Array {
  const hot = new Float32Array(labels.length * classCount);
  for (let i = 0; i < labels.length; i++) hot[i * classCount + labels[i]] = 1;
  return hot;
}
