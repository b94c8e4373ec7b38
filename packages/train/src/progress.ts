/** Where progress is shown: the part of a Node stream that it needs. */
export type ProgressStream = { write(text: string): unknown; isTTY?: boolean; columns?: number };

/** Shows people how far a run has come. */
export type Progress = {
  /** After a step: `step` steps are done. */
  update(state: { step: number; loss: number; imagesPerSecond: number }): void;
  /** A line of text that stays. */
  note(text: string): void;
  /** Shows the last state and ends the line; a second call does nothing. */
  finish(): void;
};

/** Milliseconds between two redraws of the bar, and between two lines where there is no terminal. */
const barInterval = 100;
const lineInterval = 5000;

/**
 * Progress of a run: on a terminal a bar that is redrawn in place, elsewhere a line every five seconds.
 *
 * `step 120/600 [####----------------] loss 3.214  45.2 images/s  2m 03s left`
 *
 * The remaining time supposes that steps go on as they went on average since `start`, evaluations and checkpoints included.
 *
 * @param options.total steps of the whole run.
 * @param options.start steps done before, by an earlier process.
 * @param options.stream usually `process.stderr`.
 * @param options.now milliseconds from any origin.
 * @example createProgress({ total: 600, start: 0, stream: process.stderr }).update({ step: 1, loss: 3.2, imagesPerSecond: 45 })
 */
export function createProgress({
  total,
  start,
  stream,
  now = () => performance.now(),
}: {
  total: number;
  start: number;
  stream: ProgressStream;
  now?: () => number;
}): Progress {
  const isTerminal = stream.isTTY === true;
  const interval = isTerminal ? barInterval : lineInterval;
  const begun = now();
  let shownAt = Number.NEGATIVE_INFINITY;
  /** The newest state, and whether it is on show. */
  let line: { write: () => void; shown: boolean } | undefined;
  let finished = false;

  function show(): void {
    if (line === undefined || line.shown) return;
    line.write();
    line.shown = true;
    shownAt = now();
  }

  return {
    update({ step, loss, imagesPerSecond }) {
      const perStep = (now() - begun) / 1000 / Math.max(1, step - start);
      const left =
        step < total ? `${formatDuration((total - step) * perStep)} left` : `in ${formatDuration((now() - begun) / 1000)}`;
      const head = `step ${step}/${total}`;
      const tail = `loss ${loss.toPrecision(4)}  ${imagesPerSecond.toPrecision(3)} images/s  ${left}`;
      line = {
        shown: false,
        write: () =>
          stream.write(isTerminal ? `\r${drawBar(head, tail, step / total, stream.columns)}\x1b[K` : `${head}  ${tail}\n`),
      };
      if (now() - shownAt >= interval) show();
    },
    note(text) {
      stream.write(isTerminal ? `\r\x1b[K${text}\n` : `${text}\n`);
      if (isTerminal && line !== undefined && !finished) line.write();
    },
    finish() {
      if (finished) return;
      finished = true;
      show();
      if (isTerminal && line !== undefined) stream.write('\n');
    },
  };
}

/** `head [###---] tail`, not wider than the terminal: a bar that wraps cannot be redrawn in place. */
function drawBar(head: string, tail: string, fraction: number, columns = 80): string {
  const room = Math.min(40, columns - 1 - head.length - tail.length - 4);
  if (room < 4) return `${head}  ${tail}`.slice(0, Math.max(0, columns - 1));
  const filled = Math.round(room * Math.min(1, fraction));
  return `${head} [${'#'.repeat(filled)}${'-'.repeat(room - filled)}] ${tail}`;
}

/** `8s`, `2m 03s`, `1h 05m`. */
function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`;
}
