import { exitStatus } from '../exit-status.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What Ctrl-C (SIGINT), SIGTERM and a closed terminal (SIGHUP) do. */
export type Interrupt = {
  /** Aborted by the first one that came after `finishStep`. */
  readonly signal: AbortSignal;
  /** From now on there is something to save: the first one asks for an orderly end. Before, there is not, and one ends the process at once. */
  finishStep(): void;
  /** Leaves signals to whoever handled them before. */
  release(): void;
};

/** Listens for Ctrl-C until `release`. After it asked for an orderly end, another one ends the process at once, with status 130. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let orderly = false;
  const listener = () => {
    if (!orderly || controller.signal.aborted) {
      process.stderr.write('\nvitrail: interrupted\n');
      process.exit(exitStatus.interrupted);
    }
    process.stderr.write('\ninterrupted: finishing the step and writing a checkpoint (once more to stop at once)\n');
    controller.abort();
  };
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    finishStep() {
      orderly = true;
    },
    release() {
      for (const name of signals) process.off(name, listener);
    },
  };
}
