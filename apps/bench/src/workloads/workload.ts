import type { Initializer } from '@vitrail/core';

/** What an engine is told to compute. Plain data: it goes to other processes as JSON. */
export type Spec =
  /** `a b`, either operand transposed in its last two axes. */
  | { kind: 'gemm'; transposeA: boolean; transposeB: boolean }
  /** Multi-head attention of a packed `qkv` and its gradient, given `dy`. */
  | { kind: 'attention'; heads: number }
  /** Layer norm along the last axis of `x` and its three gradients, given `dy`. */
  | { kind: 'layer-norm' }
  /** One training step of a vision transformer, see `vit-step.ts`. */
  | { kind: 'vit-step'; depth: number; heads: number }
  /** One training step of a recipe on one batch of scenes. */
  | { kind: 'recipe-step'; recipe: string };

/** A tensor that all engines are given: how it is filled. */
export type Input = { shape: readonly number[]; initializer: Initializer };

/** One thing that is measured, the same for all engines. */
export type Workload = {
  /** Unique; what comes before a slash is its group (`gemm/512x512x512`). */
  name: string;
  /** What it is, in a line for people. */
  title: string;
  spec: Spec;
  inputs: Readonly<Record<string, Input>>;
  /** Floating-point operations of one run, multiply and add counted as two; absent where nobody counted. */
  flops?: number;
  /** Whether it asks for so much that it is measured only where it is named, or on a GPU that is one. */
  large?: true;
  /** The workload whose time this one is set against, per engine. */
  baseline?: string;
};

/** The group of a workload: its name up to the slash. */
export function groupOf(name: string): string {
  return name.split('/')[0];
}
