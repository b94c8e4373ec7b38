import { ActivationKind } from './activation-kind.ts';

/** The kind by its name in the attributes of a kernel. */
export const activationKinds = {
  gelu: ActivationKind.Gelu,
  'gelu-tanh': ActivationKind.GeluTanh,
  'quick-gelu': ActivationKind.QuickGelu,
  relu: ActivationKind.Relu,
  silu: ActivationKind.Silu,
} as const;
