import type { Workload } from './workload.ts';

/**
 * A whole training step of a recipe's preset as the `vitrail` command takes it: losses, gradients, clipping, optimiser, teacher; on one
 * batch of its scenes, which is loaded before.
 */
export function recipeStep(recipe: string): Workload {
  return { name: recipe, title: `whole training step of ${recipe} on scenes`, spec: { kind: 'recipe-step', recipe }, inputs: {} };
}
