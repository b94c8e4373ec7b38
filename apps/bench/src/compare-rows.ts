import type { Row } from './row.ts';
import type { Workload } from './workloads/workload.ts';

/** Adds what only shows beside other rows: the share of the peak that was measured with as many threads, and the time over the baseline's. */
export function compareRows(rows: readonly Row[], workloads: readonly Workload[]): Row[] {
  const baselines = new Map(workloads.map(({ name, baseline }) => [name, baseline]));
  return rows.map((row) => {
    const { workload, engine, threads, medianMs } = row;
    if (medianMs === null) return row;
    const find = (wanted: Partial<Row>) =>
      rows.find((other) => Object.entries(wanted).every(([name, value]) => other[name as keyof Row] === value));
    const peak = engine === 'peak' ? undefined : find({ workload, threads, engine: 'peak' })?.medianMs;
    const baseline = baselines.get(workload);
    const before = baseline === undefined ? undefined : find({ workload: baseline, threads, engine })?.medianMs;
    return {
      ...row,
      ...(typeof peak === 'number' && { ofPeak: peak / medianMs }),
      ...(typeof before === 'number' && { ofBaseline: medianMs / before }),
    };
  });
}
