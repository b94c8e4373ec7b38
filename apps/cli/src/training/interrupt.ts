/**
 * A signal that is aborted by the first Ctrl-C (SIGINT) or SIGTERM. A second one ends the process at once, with status 130.
 */
export function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write('\ninterrupted: finishing the step and writing a checkpoint (once more to stop at once)\n');
      controller.abort();
    });
  }
  return controller.signal;
}
