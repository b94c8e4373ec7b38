import { type Chart, type ChartCurve, renderChart } from './chart.ts';
import { configValue } from './config-values.ts';
import { formatCount } from './format-number.ts';
import { type Html, html } from './html.ts';
import type { MetricRow, ReportInput } from './report-input.ts';
import { hasTrend, metricSeries } from './series.ts';

const TONES: readonly ChartCurve['tone'][] = ['blue', 'amber', 'green', 'ruby', 'violet'];

/** How training went: the losses, the two kinds of patches, segmentation over time, and the run's machinery. */
export function curvesSection(input: ReportInput): Html {
  const { metrics } = input;
  const [main, small] = [mainCharts(input), smallCharts(metrics)];
  const isDrawn = ({ curves }: Chart) => curves.some(({ points }) => points.length > 0);
  const absent = [...main, ...small].filter((chart) => !isDrawn(chart)).map(({ title }) => title.toLowerCase());
  const steps = metrics.map(({ step }) => step).filter(Number.isFinite);
  const firstStep = steps.reduce((least, step) => Math.min(least, step), Number.POSITIVE_INFINITY);
  const lastStep = steps.reduce((most, step) => Math.max(most, step), Number.NEGATIVE_INFINITY);
  const smooths = [...main, ...small].some(({ curves, exact }) => !exact && curves.some(({ points }) => hasTrend(points)));
  const draw = (chart: Chart) => renderChart(chart, firstStep, lastStep);
  const gaps = metricSeries(metrics, 'train', 'loss').notFinite;
  const body =
    metrics.length === 0
      ? html`<p class="missing">No metrics were recorded, so there are no curves to draw.</p>`
      : html`${gaps > 0 && html`<p class="missing">The loss was not a finite number at ${formatCount(gaps)} of the recorded steps; the curves are interrupted there.</p>`}
${smooths && html`<p class="lead">Faint lines are what was recorded, strong lines the trend; the numbers are where the trend stands at the end, or at the step you point at.</p>`}
<div class="charts">${main.filter(isDrawn).map(draw)}</div>
<div class="charts small">${small.filter(isDrawn).map(draw)}</div>
${absent.length > 0 && html`<p class="missing">Not recorded in this run: ${absent.join(', ')}.</p>`}`;
  return html`<section aria-labelledby="curves">
<h2 id="curves">Curves</h2>
${body}
</section>`;
}

function mainCharts({ metrics, config }: ReportInput): Chart[] {
  const train = (metric: string) => metricSeries(metrics, 'train', metric).points;
  const parts = lossParts(metrics);
  const batchSize = configValue(config, 'train.batchSize');
  const chance = metricSeries(metrics, 'eval', 'zeroShotSegmentation.chance.mIoU').points.at(-1);
  return [
    {
      title: 'Loss',
      note: parts.length > 0 ? 'The weighted sum that is trained on, and its parts before weighting.' : undefined,
      curves: [
        { name: 'total', tone: 'ink', points: train('loss') },
        ...parts.map((part, i) => ({ name: part, tone: TONES[i % TONES.length], points: train(`loss/${part}`), dashed: i >= 2 })),
      ],
    },
    {
      title: 'Contrastive loss',
      note: 'Finding the right text among those of the batch, and the right picture.',
      curves: [{ name: 'contrastive', tone: 'blue', points: train('loss/contrastive') }],
      ...(typeof batchSize === 'number' &&
        batchSize > 1 && { reference: { name: `guessing, ln ${batchSize}`, value: Math.log(batchSize) } }),
    },
    {
      title: 'Masked and visible patches',
      note: 'Cross-entropy between student and teacher patches.',
      curves: [
        { name: 'masked', tone: 'amber', points: train('patch/masked') },
        { name: 'visible', tone: 'blue', points: train('patch/visible') },
      ],
    },
    {
      title: 'Zero-shot segmentation',
      note: 'mIoU on held-out pictures while training.',
      curves: [{ name: 'mIoU', tone: 'blue', points: metricSeries(metrics, 'eval', 'zeroShotSegmentation.mIoU').points }],
      ...(chance && { reference: { name: 'chance', value: chance.value } }),
      fromZero: true,
      percent: true,
      markers: true,
    },
  ];
}

function smallCharts(metrics: readonly MetricRow[]): Chart[] {
  const curve = (
    title: string,
    metric: string,
    name: string,
    tone: ChartCurve['tone'],
    options: Pick<Chart, 'fromZero' | 'exact'>,
  ): Chart => ({
    title,
    curves: [{ name, tone, points: metricSeries(metrics, 'train', metric).points }],
    ...options,
  });
  return [
    curve('Learning rate', 'lr', 'rate', 'green', { fromZero: true, exact: true }),
    curve('Temperature', 'temperature', 'of the contrastive loss', 'violet', { exact: true }),
    curve('Throughput', 'imagesPerSecond', 'images/s', 'ruby', { fromZero: true }),
  ];
}

/** Names of the recorded parts of the loss, in order of appearance: `contrastive`, `patch`, `dino`. */
function lossParts(metrics: readonly MetricRow[]): string[] {
  const names = new Set<string>();
  for (const row of metrics) {
    if (row.split !== 'train') continue;
    for (const key of Object.keys(row)) if (key.startsWith('loss/')) names.add(key.slice('loss/'.length));
  }
  return [...names];
}
