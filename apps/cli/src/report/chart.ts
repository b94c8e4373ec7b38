import { formatCount, formatMeasure, formatPercent } from './format-number.ts';
import { type Html, html } from './html.ts';
import { type Point, smoothed, thinned } from './series.ts';
import { type Axis, stepAxis, valueAxis } from './ticks.ts';

/** One curve of a chart. */
export type ChartCurve = {
  readonly name: string;
  readonly points: readonly Point[];
  /** Which colour of the style sheet: `ink` for the curve that matters most. */
  readonly tone: 'ink' | 'blue' | 'amber' | 'green' | 'ruby' | 'violet';
  /** Whether the line is broken into dashes, so that it is told apart without its colour. */
  readonly dashed?: boolean;
};

/** A line chart over training steps. */
export type Chart = {
  readonly title: string;
  /** One sentence on how to read it. */
  readonly note?: string;
  readonly curves: readonly ChartCurve[];
  /** A dashed level to compare with. */
  readonly reference?: { readonly name: string; readonly value: number };
  /** Whether the value axis starts at zero: for amounts, not for losses. */
  readonly fromZero?: boolean;
  readonly percent?: boolean;
  /** Whether every point is marked: for the few points of evaluations. */
  readonly markers?: boolean;
  /** Whether the values are what was set, not what was measured: they have no noise to smooth. */
  readonly exact?: boolean;
};

/** Stretches a curve is drawn in; more would not be seen at the width of the page. */
const BUCKETS = 240;
const HOVER_POINTS = 200;

/**
 * A chart as a figure: title, legend with the latest values, and curves as inline SVG. Long curves show the raw values faint and the trend
 * above them. Empty curves are left out; the caller sees to it that one at least has a point.
 *
 * The drawing stretches with the page while its text does not: labels are HTML beside the SVG, and the whole is described in words for
 * those who do not see it.
 *
 * @param firstStep and `lastStep` the range of the step axis: the same for all charts of a page, so that they can be compared.
 */
export function renderChart(chart: Chart, firstStep: number, lastStep: number): Html {
  const curves = chart.curves
    .filter(({ points }) => points.length > 0)
    .map((curve) => ({ ...curve, trend: chart.exact ? curve.points : smoothed(curve.points) }));
  const format = chart.percent ? formatPercent : formatMeasure;
  const x = stepAxis(firstStep, lastStep);
  const y = valueAxis(...valueRange(chart, curves), { percent: chart.percent });
  const gutter = Math.max(...y.labels.map((label) => label.length));
  return html`<figure class="chart" data-chart="${JSON.stringify(hoverData(curves, x, format))}">
<figcaption><h3>${chart.title}</h3>${chart.note !== undefined && html`<p class="note">${chart.note}</p>`}</figcaption>
<ul class="key">${curves.map((curve) => keyEntry(curve, format))}${
    chart.reference &&
    html`<li><svg class="swatch reference" aria-hidden="true" viewBox="0 0 18 8"><path d="M1 4h16"/></svg>${chart.reference.name} <b>${format(chart.reference.value)}</b></li>`
  }</ul>
<div class="plot" style="--gutter:${gutter}ch">
<div class="y-labels" aria-hidden="true">${y.ticks.map((tick, i) => html`<span style="top:${percent(1 - place(tick, y))}">${y.labels[i]}</span>`)}</div>
<div class="drawing"><svg role="img" aria-label="${describe(chart, curves, x, format)}" viewBox="0 0 1000 1000" preserveAspectRatio="none">
${y.ticks.map((tick) => html`<path class="grid${tick === y.low && ' base'}" d="M0 ${coordinate(1 - place(tick, y))}H1000"/>`)}
${chart.reference && html`<path class="reference" d="M0 ${coordinate(1 - place(chart.reference.value, y))}H1000"/>`}
${curves.map((curve) => drawCurve(curve, chart, x, y))}
</svg><i class="cursor" hidden></i></div>
<div class="x-labels" aria-hidden="true">${x.ticks.map((tick, i) => html`<span style="left:${percent(place(tick, x))}">${x.labels[i]}</span>`)}<em>step</em></div>
</div>
</figure>`;
}

type DrawnCurve = ChartCurve & { readonly trend: readonly Point[] };
type Format = (value: number) => string;

function keyEntry({ name, tone, dashed, trend }: DrawnCurve, format: Format): Html {
  return html`<li><svg class="swatch ${tone}${dashed && ' dashed'}" aria-hidden="true" viewBox="0 0 18 8"><path d="M1 4h16"/></svg>${name} <b data-value>${format(trend[trend.length - 1].value)}</b></li>`;
}

function drawCurve({ points, trend, tone, dashed }: DrawnCurve, { markers }: Chart, x: Axis, y: Axis): Html {
  const isSmoothed = trend !== points;
  return html`${isSmoothed && html`<path class="raw ${tone}" d="${pathOf(points, x, y)}"/>`}<path class="trend ${tone}${dashed && ' dashed'}" d="${pathOf(trend, x, y)}"/>${
    (markers || points.length === 1) &&
    html`<path class="marker ${tone}" d="${points.map((point) => `${position(point, x, y)}h0`).join('')}"/>`
  }`;
}

function pathOf(points: readonly Point[], x: Axis, y: Axis): string {
  let path = '';
  for (const [i, point] of thinned(points, BUCKETS).entries()) {
    // A segment of no length, so that a value between two gaps shows as a dot.
    path += i === 0 || point.afterGap ? `${position(point, x, y)}h0` : position(point, x, y).replace('M', 'L');
  }
  return path;
}

function position({ step, value }: Point, x: Axis, y: Axis): string {
  return `M${coordinate(place(step, x))} ${coordinate(1 - place(value, y))}`;
}

/** Where a value lies on an axis, 0 to 1; values beyond its ends lie at the ends. */
function place(value: number, { low, high }: Axis): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** The trends in full and all but the most extreme hundredth of the raw values on either side: one spike must not flatten the rest. */
function valueRange({ reference, fromZero }: Chart, curves: readonly DrawnCurve[]): [number, number] {
  const bounds = curves.flatMap(({ points, trend }) => {
    const raw = points.map(({ value }) => value).sort((a, b) => a - b);
    const spared = Math.floor(raw.length / 100);
    return [
      raw[spared],
      raw[raw.length - 1 - spared],
      smallest(trend.map(({ value }) => value)),
      largest(trend.map(({ value }) => value)),
    ];
  });
  if (reference) bounds.push(reference.value);
  if (fromZero) bounds.push(0);
  return [smallest(bounds), largest(bounds)];
}

/** The chart in words. */
function describe({ title, reference }: Chart, curves: readonly DrawnCurve[], x: Axis, format: Format): string {
  const sentences = curves.map(({ name, points, trend }) => {
    const values = trend.map(({ value }) => value);
    const last = values[values.length - 1];
    if (points.length === 1) return `${name} is ${format(last)} at step ${formatCount(points[0].step)}.`;
    return `${name} goes from ${format(values[0])} to ${format(last)}, lowest ${format(smallest(values))}, highest ${format(largest(values))}.`;
  });
  const span = x.ticks.length === 1 ? '' : `, steps ${formatCount(x.low)} to ${formatCount(x.high)}`;
  return `Line chart: ${title}${span}. ${sentences.join(' ')}${reference ? ` For comparison: ${reference.name}, ${format(reference.value)}.` : ''}`;
}

/** What the script of the page reads: the steps the axis spans, and `[step, formatted value]` of every curve. */
function hoverData(curves: readonly DrawnCurve[], x: Axis, format: Format) {
  const sampled = ({ trend }: DrawnCurve) => {
    const stride = Math.max(1, Math.ceil(trend.length / HOVER_POINTS));
    return trend.filter((_, i) => (trend.length - 1 - i) % stride === 0);
  };
  return {
    low: x.low,
    high: x.high,
    curves: curves.map((curve) => sampled(curve).map(({ step, value }) => [step, format(value)])),
  };
}

function coordinate(share: number): number {
  return Math.round(10_000 * share) / 10;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}
