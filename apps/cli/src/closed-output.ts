import { exitStatus } from './exit-status.ts';

/**
 * What the process does when nobody reads on.
 *
 * - stdout closed (`vitrail recipes | head -1`): it ends quietly, as other programs do; stdout that cannot be written (a full disk): one line, status 1.
 * - stderr closed: the command goes on without telling of its progress, since a run is worth more than its log.
 */
export function endWithOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitStatus.done);
    process.stderr.write(`vitrail: stdout cannot be written: ${error.message}\n`);
    process.exit(exitStatus.failed);
  });
  process.stderr.on('error', () => {});
}
