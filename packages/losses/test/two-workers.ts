import { add, concat, keep, maximum, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { AllReduce } from '@vitrail/core';
import type { Gather } from '../src/index.ts';

/** What a worker exchanges tensors through. */
export type Collectives = { readonly gather: Gather; readonly allReduce: AllReduce };

/**
 * Two workers in one process: `loss` of each, as if they exchanged tensors, with gradients that flow from one to the other.
 *
 * Runs both again and again, each time with one more exchange that is answered: what is sent to the first exchange depends on none, what is
 * sent to the second only on the first, and so on.
 *
 * @param sent takes what was exchanged, by rank, for the caller to dispose when the gradients have been taken
 */
export function onTwoWorkers(
  loss: (rank: 0 | 1, collectives: Collectives) => Tensor1D,
  sent: [Tensor[], Tensor[]],
): [Tensor1D, Tensor1D] {
  for (;;) {
    const answered = sent[0].length;
    const losses = ([0, 1] as const).map((rank) => {
      let call = 0;
      const exchange = <T extends Tensor>(own: T, combine: (first: T, second: T) => Tensor): T => {
        const number = call++;
        if (number < answered) return combine(sent[0][number] as T, sent[1][number] as T) as T;
        if (number === answered) sent[rank].push(keep(own));
        return combine(own, own) as T;
      };
      return loss(rank, {
        gather: { rank, rows: (own) => exchange(own, (first: Tensor2D, second: Tensor2D) => concat([first, second])) },
        allReduce: { workers: 2, sum: (own) => exchange(own, add), max: (own) => exchange(own, maximum) },
      });
    });
    if (sent[0].length === answered) return losses as [Tensor1D, Tensor1D];
  }
}
