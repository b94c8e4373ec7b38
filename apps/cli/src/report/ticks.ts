/** An axis: the range it spans and the round values marked on it. */
export type Axis = {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly labels: readonly string[];
};

/**
 * An axis over values, whose ends are ticks and whose ticks are multiples of 1, 2, 2.5 or 5 times a power of ten.
 *
 * @param low smallest and `high` largest value to show; when they are equal or nearly so the axis opens around them, so that a constant
 * looks constant.
 * @param options.count about how many intervals.
 * @param options.percent labels are in per cent of one.
 */
export function valueAxis(low: number, high: number, { count = 4, percent = false } = {}): Axis {
  const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const margin = high - low >= size / 200 ? 0 : size / 20;
  const interval = roundInterval((high - low + 2 * margin) / count);
  const first = Math.floor((low - margin) / interval + 1e-9);
  const last = Math.ceil((high + margin) / interval - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => tidyMultiple(first + i, interval));
  const style = { interval, percent, powers: Math.max(...ticks.map(Math.abs)) < 1e-3 };
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks, labels: ticks.map((tick) => tickLabel(tick, style)) };
}

/**
 * An axis over training steps: it ends at the first and the last step, not at ticks, and its ticks are whole numbers. One single step gets
 * one tick in the middle.
 */
export function stepAxis(low: number, high: number, count = 4): Axis {
  if (high <= low) return { low: low - 1, high: low + 1, ticks: [low], labels: [stepLabel(low, low)] };
  const interval = Math.max(1, roundInterval((high - low) / count));
  const ticks: number[] = [];
  // A run that starts at step 1 still reads best with a tick at 0, just outside of it.
  const start = low < interval / 4 ? Math.min(0, low) : low;
  for (let i = Math.max(0, Math.ceil(start / interval - 1e-9)); i * interval <= high; i++) {
    if (Number.isInteger(i * interval)) ticks.push(i * interval);
  }
  return { low: start, high, ticks, labels: ticks.map((tick) => stepLabel(tick, high)) };
}

/** The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not smaller than `width`. */
function roundInterval(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const factor = [1, 2, 2.5, 5].find((candidate) => width <= candidate * power * (1 + 1e-9)) ?? 10;
  return factor * power;
}

function tidyMultiple(multiple: number, interval: number): number {
  return Number((multiple * interval).toPrecision(12));
}

function tickLabel(tick: number, { interval, percent, powers }: { interval: number; percent: boolean; powers: boolean }): string {
  const text = percent
    ? `${(100 * tick).toFixed(decimals(100 * interval))}\u202f%`
    : tick === 0
      ? '0'
      : powers
        ? tick.toExponential(2).replace(/\.?0*e/, 'e')
        : tick.toLocaleString('en-US', { minimumFractionDigits: decimals(interval), maximumFractionDigits: decimals(interval) });
  return text.replace(/^-/, '\u2212');
}

/** Decimals that tell multiples of `interval` apart: 0 for 5, 1 for 0.5 and for 2.5, 2 for 0.25. */
function decimals(interval: number): number {
  const place = Math.max(0, -Math.floor(Math.log10(interval) + 1e-9));
  const scaled = interval * 10 ** place;
  return Math.abs(scaled - Math.round(scaled)) < 1e-6 ? place : place + 1;
}

function stepLabel(step: number, high: number): string {
  if (high < 10_000 || step === 0) return step.toLocaleString('en-US');
  return high < 10_000_000 ? `${Number((step / 1000).toFixed(1))}k` : `${Number((step / 1e6).toFixed(1))}M`;
}
