import { runTask } from './run-task';

/**
 * What the threads share. A job is a number of tasks that do not depend on each other and write to different places; which thread takes
 * which task does not change any result. `next` counts down: a thread that takes a value `n > 0` owns task `n - 1`, and only then reads
 * what the job is, so that a late thread either gets a task of the job of now or nothing.
 */
@unmanaged
class Pool {
  /** Number of jobs so far: idle threads wait for it to change. */
  jobs: i32;
  next: i32;
  finished: i32;
  /** Workers asleep, and not spinning. */
  sleeping: i32;
  kernel: i32;
  arguments: usize;
  scratch: usize;
  scratchBytes: usize;
  /** 1 while the workers are to end. */
  closing: i32;
  /** Workers that have entered and not left. */
  running: i32;
  /** 1 if the main thread may sleep (Node), 0 if it must spin (a page). */
  mayBlock: i32;
}

/** Turns of an idle loop before a thread goes to sleep: some tens of microseconds. */
const SPINS: i32 = 20000;

/** Runs `tasks` tasks on this thread alone. */
export function runAlone(kernel: i32, args: usize, tasks: i32, scratch: usize): void {
  for (let task = 0; task < tasks; task++) runTask(kernel, args, task, scratch);
}

/** Runs `tasks` tasks on this thread and the workers, and comes back when all are done. */
export function runShared(at: usize, kernel: i32, args: usize, tasks: i32): void {
  const pool = changetype<Pool>(at);
  pool.kernel = kernel;
  pool.arguments = args;
  atomic.store<i32>(at, 0, offsetof<Pool>('finished'));
  atomic.store<i32>(at, tasks, offsetof<Pool>('next'));
  atomic.add<i32>(at, 1, offsetof<Pool>('jobs'));
  if (atomic.load<i32>(at, offsetof<Pool>('sleeping')) > 0) atomic.notify(at, -1);
  takeTasks(at, 0);
  let spins = 0;
  let finished = atomic.load<i32>(at, offsetof<Pool>('finished'));
  while (finished != tasks) {
    if (++spins > SPINS && pool.mayBlock != 0) {
      atomic.wait<i32>(at + offsetof<Pool>('finished'), finished, 1000000);
    }
    finished = atomic.load<i32>(at, offsetof<Pool>('finished'));
  }
}

function takeTasks(at: usize, thread: i32): void {
  const pool = changetype<Pool>(at);
  while (true) {
    const task = atomic.sub<i32>(at, 1, offsetof<Pool>('next')) - 1;
    if (task < 0) return;
    runTask(pool.kernel, pool.arguments, task, pool.scratch + (<usize>thread) * pool.scratchBytes);
    atomic.add<i32>(at, 1, offsetof<Pool>('finished'));
    if (pool.mayBlock != 0 && atomic.load<i32>(at, offsetof<Pool>('next')) <= 0) {
      atomic.notify(at + offsetof<Pool>('finished'), 1);
    }
  }
}

/** The life of worker `thread >= 1`. */
export function work(at: usize, thread: i32, firstJob: i32): void {
  atomic.add<i32>(at, 1, offsetof<Pool>('running'));
  let seen = firstJob;
  while (true) {
    let spins = 0;
    let jobs = atomic.load<i32>(at);
    while (jobs == seen) {
      if (++spins > SPINS) {
        atomic.add<i32>(at, 1, offsetof<Pool>('sleeping'));
        atomic.wait<i32>(at, seen, -1);
        atomic.sub<i32>(at, 1, offsetof<Pool>('sleeping'));
        spins = 0;
      }
      jobs = atomic.load<i32>(at);
    }
    seen = jobs;
    if (atomic.load<i32>(at, offsetof<Pool>('closing')) != 0) break;
    takeTasks(at, thread);
  }
  atomic.sub<i32>(at, 1, offsetof<Pool>('running'));
}
