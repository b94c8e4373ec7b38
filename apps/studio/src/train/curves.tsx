import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** A colour of the theme. */
export type CurveColor = 'blue' | 'amber' | 'green' | 'ruby' | 'violet' | 'quiet';

/** A line of a chart. */
export type CurveSeries = {
  readonly label: string;
  readonly color: CurveColor;
  readonly isDashed?: boolean;
  readonly points: readonly (readonly [step: number, value: number])[];
};

/** Rows of the table beside a chart. */
const tableRows = 12;

/**
 * Lines by step, which grow as points come.
 *
 * @param name of what is on the vertical axis
 * @param steps of the whole run: how far the horizontal axis goes
 * @param height in pixels
 */
export function Curves({
  name,
  series,
  steps,
  height,
}: {
  readonly name: string;
  readonly series: readonly CurveSeries[];
  readonly steps: number;
  readonly height: number;
}) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(series);
  latest.current = series;
  const kind = JSON.stringify(series.map(({ label, color }) => [label, color]));

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(latest.current, { width: element.clientWidth || 600, height, steps }),
        alignedData(latest.current),
        element,
      );
    };
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== plot.current?.width)
        plot.current?.setSize({ width: element.clientWidth, height });
    });
    resized.observe(element);
    return () => {
      dark.removeEventListener('change', draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [kind, height, steps]);

  useEffect(() => {
    plot.current?.setData(alignedData(series));
  }, [series]);

  return (
    <>
      <div class="curves" ref={host} aria-hidden="true" />
      <details class="curve-table">
        <summary>{name} as a table</summary>
        <CurveTable series={series} />
      </details>
    </>
  );
}

function CurveTable({ series }: { readonly series: readonly CurveSeries[] }) {
  const [steps, ...values] = alignedData(series);
  const every = Math.max(1, Math.ceil(steps.length / tableRows));
  const shown = [...steps.keys()].filter((i) => i === 0 || (steps.length - 1 - i) % every === 0);
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Step</th>
            {series.map(({ label }) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((i) => (
            <tr key={steps[i]}>
              <th scope="row">{steps[i]}</th>
              {series.map(({ label }, s) => (
                <td key={label}>{values[s][i]?.toFixed(3) ?? '–'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** All steps that any line has, and the value of every line there, or none. */
function alignedData(series: readonly CurveSeries[]): [number[], ...(number | null)[][]] {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const columns = series.map(({ points }) => {
    const values = new Map(points);
    return steps.map((step) => values.get(step) ?? null);
  });
  return [steps, ...columns];
}

/** Where nobody points at a step the legend has the last value of each line. */
function latestOf({ data }: uPlot, place: number): number | undefined {
  return [...data[place]].reverse().find((value) => typeof value === 'number') ?? undefined;
}

function optionsOf(
  series: readonly CurveSeries[],
  { steps, ...size }: { width: number; height: number; steps: number },
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis: uPlot.Axis = {
    stroke: color('quiet'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: color('faint'), width: 1 },
    ticks: { show: false },
  };
  return {
    ...size,
    scales: { x: { time: false, range: [0, steps] } },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    legend: { live: true },
    axes: [
      { ...axis, size: 28 },
      { ...axis, size: 48 },
    ],
    series: [
      { label: 'Step', value: (plot, step, _, at) => String((at === null ? latestOf(plot, 0) : step) ?? '–') },
      ...series.map(
        ({ label, color: name, isDashed }, i): uPlot.Series => ({
          label,
          stroke: color(name),
          width: i === 0 ? 2 : 1.5,
          spanGaps: true,
          points: { show: false },
          value: (plot, value, place, at) => (at === null ? latestOf(plot, place) : value)?.toFixed(3) ?? '–',
          ...(isDashed && { dash: [6, 4] }),
        }),
      ),
    ],
  };
}
