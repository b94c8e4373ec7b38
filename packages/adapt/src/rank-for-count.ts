import { countShapes, type ParameterShapes } from '@vitrail/core';
import { requireCount } from './require-count.ts';

/**
 * The rank (or number of prompts) at which a method trains as nearly as it can `count` parameters, at least 1: what to compare methods at.
 * Equal ranks are no equal budgets: AdaLink has one module per tower, LoRA several pairs per block.
 *
 * @param shapesOf shapes of what the method trains at a rank; their size is proportional to it
 * @throws `invalid-argument` for a count that is not a whole number of at least 1
 * @example rankForCount(147456, (rank) => adaLinkShapes({ widths: { image: 768 }, rank })) // 96: as many as LoRA of rank 4 on q and v of B/32
 */
export function rankForCount(count: number, shapesOf: (rank: number) => ParameterShapes): number {
  requireCount('rankForCount', 'count', count);
  return Math.max(1, Math.round(count / countShapes(shapesOf(1))));
}
