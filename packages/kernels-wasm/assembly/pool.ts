import { runTask } from './run-task';

/**
 * What the threads share. A job is a number of tasks that do not depend on each other and write to different places; which thread takes
 * which task does not change any result. Each thread has a queue of tasks that lie side by side, so that one job after the other finds
 * in its caches what it wrote, and takes from the others' when its own is empty.
 *
 * Threads only spin here; they sleep in JavaScript (src/device.ts, src/workers.ts), which knows the fields by src/pool-fields.ts.
 */
@unmanaged
class Pool {
  /** Number of jobs so far: idle threads wait for it to change. */
  jobs: i32;
  threads: i32;
  finished: i32;
  kernel: i32;
  arguments: usize;
  scratch: usize;
  scratchBytes: usize;
}

/**
 * A thread's queue, in a cache line of its own behind the pool. `left` counts down: who takes a value `n > 0` owns task `first + n - 1`, and
 * only then reads what the job is, so that a late thread either gets a task of the job of now or nothing.
 */
@unmanaged
class Queue {
  left: i32;
  first: i32;
}

const QUEUE_BYTES: usize = 64;

// @ts-ignore: decorator
@inline
function queueOf(pool: usize, thread: i32): usize {
  return pool + (<usize>(thread + 1)) * QUEUE_BYTES;
}

/** Turns of an idle loop before a thread may go to sleep: about a millisecond, more than what lies between two kernels of a training step. */
const SPINS: i32 = 1000000;

/** Runs `tasks` tasks on this thread alone. */
export function runAlone(kernel: i32, args: usize, tasks: i32, scratch: usize): void {
  for (let task = 0; task < tasks; task++) runTask(kernel, args, task, scratch);
}

/** Offers `tasks` tasks to `threads` threads. */
export function offerTasks(at: usize, kernel: i32, args: usize, tasks: i32, threads: i32): void {
  const pool = changetype<Pool>(at);
  pool.kernel = kernel;
  pool.arguments = args;
  pool.threads = threads;
  atomic.store<i32>(at, 0, offsetof<Pool>('finished'));
  let first = 0;
  for (let thread = 0; thread < threads; thread++) {
    const end = <i32>(((<i64>tasks) * (thread + 1)) / threads);
    const queue = queueOf(at, thread);
    store<i32>(queue, first, offsetof<Queue>('first'));
    atomic.store<i32>(queue, end - first, offsetof<Queue>('left'));
    first = end;
  }
  atomic.add<i32>(at, 1, offsetof<Pool>('jobs'));
}

/** Takes and runs tasks until there are none left: those of this thread, then those of the next one, and so on. */
export function takeTasks(at: usize, thread: i32): void {
  const pool = changetype<Pool>(at);
  const threads = pool.threads;
  for (let i = 0; i < threads; i++) {
    const queue = queueOf(at, (thread + i) % threads);
    while (true) {
      const left = atomic.sub<i32>(queue, 1, offsetof<Queue>('left')) - 1;
      if (left < 0) break;
      const task = load<i32>(queue, offsetof<Queue>('first')) + left;
      runTask(pool.kernel, pool.arguments, task, pool.scratch + (<usize>thread) * pool.scratchBytes);
      atomic.add<i32>(at, 1, offsetof<Pool>('finished'));
    }
  }
}

/** Spins for a while until `finished` is `tasks`; returns it. */
export function spinUntilFinished(at: usize, tasks: i32): i32 {
  return spinWhile(at + offsetof<Pool>('finished'), tasks, false);
}

/** Spins for a while until there is another job than number `seen`; returns its number. */
export function spinUntilOffered(at: usize, seen: i32): i32 {
  return spinWhile(at, seen, true);
}

function spinWhile(at: usize, value: i32, isEqual: bool): i32 {
  let found = atomic.load<i32>(at);
  for (let spins = 0; spins < SPINS && (found == value) == isEqual; spins++) found = atomic.load<i32>(at);
  return found;
}
