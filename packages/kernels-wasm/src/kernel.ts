/** What a task can be. The numbers are known to the kernels and to their callers (`src/`) alike. */
export enum Kernel {
  PackColumns,
  Multiply,
  MultiplyBatch,
  Attention,
  AttentionGrad,
  Activation,
  ActivationGrad,
  Swiglu,
  SwigluGrad,
}
