/** Numbers of the element-wise functions of tfjs that have kernels here, known to the kernels and to their callers alike. */
export enum MathFunction {
  Elu,
  Erf,
  Exp,
  LeakyRelu,
  Log,
  Sigmoid,
  Softplus,
  Tanh,
}
