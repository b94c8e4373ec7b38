import { ELEMENTS_PER_TASK } from '../elements-per-task.ts';

/** How rows `[rows, width]` are divided into tasks: as many to a task as make some tens of microseconds, `least` or more. */
export function rowTasks(rows: number, width: number, least = 1): { rowsPerTask: number; tasks: number } {
  const rowsPerTask = Math.max(least, Math.floor(ELEMENTS_PER_TASK / Math.max(1, width)));
  return { rowsPerTask, tasks: Math.ceil(rows / rowsPerTask) };
}
