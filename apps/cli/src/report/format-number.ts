const NARROW_SPACE = '\u202f';

/** A whole number with thousands set apart: `12,345`. */
export function formatCount(value: number): string {
  return minus(Math.round(value).toLocaleString('en-US'));
}

/** A large number in three digits: `1.92 M`, `640 k`, `87`. */
export function formatCompact(value: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (Math.abs(value) >= 0.9995 * size) return `${significant(value / size)}${NARROW_SPACE}${unit}`;
  }
  return formatCount(value);
}

/** A share of one in per cent: `12.3 %`. */
export function formatPercent(value: number): string {
  return `${minus((100 * value).toFixed(1))}${NARROW_SPACE}%`;
}

/** A measured number in about three digits: `1,204`, `58.3`, `1.80`, `0.0712`, `2.5e-4`. */
export function formatMeasure(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5) return formatCount(value);
  if (size === 0) return '0';
  if (size < 1e-3) return minus(value.toExponential(1).replace('.0e', 'e'));
  return significant(value);
}

/** Seconds as people say them: `0.8 s`, `45 s`, `3 min 42 s`, `1 h 12 min`, `2 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function significant(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const digitsBefore = Math.floor(Math.log10(Math.abs(rounded))) + 1;
  return minus(rounded.toFixed(Math.max(0, 3 - digitsBefore)));
}

function minus(text: string): string {
  return text.replace(/^-/, '\u2212');
}
