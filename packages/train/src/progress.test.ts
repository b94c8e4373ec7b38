import { describe, expect, test } from 'vitest';
import { createProgress } from './progress.ts';

/** A stream that keeps what is written, and a clock that stands still until it is moved (in seconds). */
function stage({ isTTY = false, columns = 100, total = 600, start = 0 } = {}) {
  let seconds = 0;
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const progress = createProgress({ total, start, stream, now: () => 1000 * seconds });
  return {
    progress,
    written,
    step(step: number, at: number, loss = 3.21456) {
      seconds = at;
      progress.update({ step, loss, imagesPerSecond: 45.23 });
    },
  };
}

/** What a terminal shows after these writes: carriage return, erase to the end of the line, line breaks. */
function screen(written: readonly string[]): string[] {
  const lines = [''];
  let column = 0;
  for (const part of written
    .join('')
    .replaceAll('\x1b[K', '\t')
    .split(/([\r\n\t])/)) {
    const last = lines.length - 1;
    if (part === '\r') column = 0;
    else if (part === '\n') {
      lines.push('');
      column = 0;
    } else if (part === '\t') lines[last] = lines[last].slice(0, column);
    else {
      lines[last] = lines[last].slice(0, column) + part + lines[last].slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}

describe('without a terminal', () => {
  test('a line at once and then every five seconds, with the time that is left', () => {
    const { step, written } = stage();
    step(1, 1);
    step(2, 2);
    step(5, 5.9);
    step(6, 6);
    step(7, 7);
    expect(written).toEqual([
      'step 1/600  loss 3.215  45.2 images/s  9m 59s left\n',
      'step 6/600  loss 3.215  45.2 images/s  9m 54s left\n',
    ]);
  });

  test('the last state is shown at the end, once', () => {
    const { step, written, progress } = stage({ total: 3 });
    step(1, 1);
    step(3, 3);
    progress.finish();
    progress.finish();
    expect(written.slice(1)).toEqual(['step 3/3  loss 3.215  45.2 images/s  in 3s\n']);
  });

  test('notes are lines', () => {
    const { step, written, progress } = stage();
    progress.note('before');
    step(1, 1);
    progress.note('after');
    expect([written[0], written[2], written.length]).toEqual(['before\n', 'after\n', 3]);
  });
});

describe('on a terminal', () => {
  test('one line, redrawn in place', () => {
    const { step, written, progress } = stage({ isTTY: true, total: 4 });
    step(1, 10);
    step(2, 20);
    expect(screen(written)).toEqual(['step 2/4 [####################--------------------] loss 3.215  45.2 images/s  20s left']);
    step(4, 40, 1);
    progress.finish();
    expect(screen(written)).toEqual([
      'step 4/4 [########################################] loss 1.000  45.2 images/s  in 40s',
      '',
    ]);
  });

  test('a shorter line leaves nothing of a longer one', () => {
    const { step, written } = stage({ isTTY: true, columns: 20 });
    step(1, 10, 1234.5);
    step(2, 5000, 1);
    expect(screen(written)).toEqual(['step 2/600  loss 1.']);
  });

  test('is redrawn ten times a second at most, and the last state always', () => {
    const { step, written, progress } = stage({ isTTY: true });
    for (let i = 1; i <= 100; i++) step(i, i / 100);
    expect(written.length).toBeLessThanOrEqual(10);
    progress.finish();
    expect(screen(written)[0]).toMatch(/^step 100\/600 /);
  });

  test('a note stands above the bar, which goes on', () => {
    const { step, written, progress } = stage({ isTTY: true });
    progress.note('first');
    step(1, 1);
    progress.note('skipped 17.png: not a picture');
    expect(screen(written)).toEqual(['first', 'skipped 17.png: not a picture', expect.stringMatching(/^step 1\/600 \[/)]);
    step(2, 2);
    progress.finish();
    progress.note('last');
    expect(screen(written)).toEqual([
      'first',
      'skipped 17.png: not a picture',
      expect.stringMatching(/^step 2\/600 \[/),
      'last',
      '',
    ]);
  });

  // A line that wraps cannot be redrawn in place and fills the screen.
  test.each([10, 30, 50, 60, 70, 80, 200])('%s columns are not filled to the last', (columns) => {
    const { step, written } = stage({ isTTY: true, columns });
    step(1, 1);
    expect(screen(written)[0].length).toBeLessThan(columns);
  });
});

test('the time left of a resumed run counts its own steps', () => {
  const { step, written } = stage({ start: 500 });
  step(510, 20);
  expect(written[0]).toContain('3m 00s left');
});

test.each([
  [0.2, '0s'],
  [59.4, '59s'],
  [59.6, '1m 00s'],
  [3599.6, '1h 00m'],
  [3 * 3600 + 65, '3h 01m'],
  [100 * 3600, '100h 00m'],
])('%s seconds are %s', (seconds, text) => {
  const { step, written } = stage({ total: 1 });
  step(1, seconds);
  expect(written[0]).toContain(`in ${text}\n`);
});

test('numbers that are not finite are shown as they are', () => {
  const { step, written } = stage();
  step(1, 1, Number.NaN);
  expect(written[0]).toContain('loss NaN ');
});
