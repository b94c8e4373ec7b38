import { join } from 'node:path';
import { type AppendFile, openAppendFile } from './append-file.ts';
import { encodeEvent } from './event-record.ts';
import type { Tracker } from './tracker.ts';

/**
 * Logs the numbers of rows for TensorBoard, as scalars `SPLIT/NAME` (`train/loss/contrastive`), to a new file
 * `events.out.tfevents.SECONDS.PROCESS.COUNT` in a directory. Texts are left out.
 *
 * The first row announces its step as the start of a session, at which TensorBoard forgets what files of earlier processes say of that step and
 * later ones: a run that goes on from a checkpoint draws one curve.
 *
 * @throws `io` when the file may not be written, here or from the tracker.
 * @example tensorBoardTracker('runs/a').log({ step: 1, split: 'train', loss: 3.21 })
 */
export function tensorBoardTracker(directory: string): Tracker {
  const now = () => Date.now() / 1000;
  const { append, flush, close } = openEventFile(directory, Math.floor(now()));
  append(encodeEvent({ wallTime: now(), step: 0, fileVersion: 'brain.Event:2' }));
  let started = false;
  return {
    log({ step, split, ...values }) {
      if (!started) append(encodeEvent({ wallTime: now(), step, sessionStart: true }));
      started = true;
      const scalars = Object.entries(values).flatMap(([name, value]) =>
        typeof value === 'number' ? [[`${split}/${name}`, value] as const] : [],
      );
      append(encodeEvent({ wallTime: now(), step, scalars: Object.fromEntries(scalars) }));
    },
    flush,
    close,
  };
}

/** TensorBoard reads the files of a directory in the order of their names, so the time comes first; the rest makes the name unique. */
function openEventFile(directory: string, seconds: number): AppendFile {
  for (let count = 0; ; count++) {
    try {
      return openAppendFile(join(directory, `events.out.tfevents.${seconds}.${process.pid}.${count}`), { mustBeNew: true });
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'EEXIST') throw error;
    }
  }
}
