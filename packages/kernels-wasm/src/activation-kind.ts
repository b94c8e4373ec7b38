/** Numbers of the activations of `@vitrail/ops`, known to the kernels and to their callers alike; 0 is none. */
export enum ActivationKind {
  None,
  Gelu,
  GeluTanh,
  QuickGelu,
  Relu,
  Silu,
}
