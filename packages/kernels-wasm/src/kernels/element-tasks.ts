import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { ELEMENTS_PER_TASK } from '../elements-per-task.ts';

/** How many values a tensor has, and how many tasks an element-wise kernel over it. */
export function elementTasks({ shape }: TensorInfo): { count: number; tasks: number } {
  const count = util.sizeFromShape(shape);
  return { count, tasks: Math.ceil(count / ELEMENTS_PER_TASK) };
}
