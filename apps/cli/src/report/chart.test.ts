import { expect, test } from 'vitest';
import { type ChartCurve, renderChart } from './chart.ts';

const curve = (values: readonly number[], afterGap: readonly number[] = []): ChartCurve => ({
  name: 'total',
  tone: 'ink',
  points: values.map((value, i) => ({ step: i + 1, value, afterGap: afterGap.includes(i) })),
});

test('a chart says in words what it shows', () => {
  const { markup } = renderChart(
    { title: 'Loss', curves: [curve([4, 3, 2])], reference: { name: 'guessing', value: 3.5 } },
    1,
    3,
  );
  expect(markup).toContain('role="img"');
  expect(markup).toContain(
    'aria-label="Line chart: Loss, steps 1 to 3. total goes from 4.00 to 2.00, lowest 2.00, highest 4.00. For comparison: guessing, 3.50."',
  );
});

test('one value is a dot, not a line', () => {
  const { markup } = renderChart({ title: 'Loss', curves: [curve([4])] }, 1, 1);
  expect(markup).toMatch(/class="marker ink" d="M500 [\d.]+h0"/);
  expect(markup).toContain('total is 4.00 at step 1.');
  expect(markup).not.toMatch(/NaN|Infinity|undefined/);
});

test('a line does not bridge a gap', () => {
  const { markup } = renderChart({ title: 'Loss', curves: [curve([4, 3, 2, 1], [2])] }, 1, 4);
  expect(markup.match(/class="trend ink" d="([^"]*)"/)?.[1].match(/M/g)).toHaveLength(2);
});

test('a long noisy curve shows raw values and trend, a schedule only itself, and neither grows with the run', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => 5 + Math.sin(i) + 100 / (i + 20));
  const measured = renderChart({ title: 'Loss', curves: [curve(values)] }, 1, values.length).markup;
  expect(measured).toContain('class="raw ink"');
  expect(measured.length).toBeLessThan(40_000);
  expect(renderChart({ title: 'Rate', curves: [curve(values)], exact: true }, 1, values.length).markup).not.toContain(
    'class="raw ink"',
  );
});

test('one spike among many values does not flatten the rest', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e4 : 3));
  const largestTick = renderChart({ title: 'Loss', curves: [curve(values)] }, 1, 1000).markup.match(
    /<span style="top:0.00%">([\d,.]+)</,
  )?.[1];
  expect(Number(largestTick?.replace(',', ''))).toBeLessThan(1000);
});
