/** Numbers of the element-wise functions of tfjs that have kernels here, known to the kernels and to their callers alike. */
export enum MathFunction {
  Erf,
  Exp,
  LeakyRelu,
  Log,
  Softplus,
  Tanh,
}
