/** Numbers of the element-wise functions of tfjs that have kernels here, known to the kernels and to their callers alike. */
export enum UnaryKind {
  Elu,
  Erf,
  Exp,
  LeakyRelu,
  Log,
  Reciprocal,
  Rsqrt,
  Sigmoid,
  Softplus,
  Sqrt,
  Tanh,
}
