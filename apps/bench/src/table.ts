import { isSame, type Row } from './row.ts';
import { groupOf, type Workload } from './workloads/workload.ts';

type Column = { title: string; cell(row: Row, rows: readonly Row[]): string };

const columns: readonly Column[] = [
  { title: 'engine', cell: ({ engine }) => engine },
  { title: 'threads', cell: ({ threads }) => String(threads) },
  { title: 'median ms', cell: ({ medianMs }) => (medianMs === null ? 'failed' : readable(medianMs)) },
  { title: 'min ms', cell: ({ minMs }) => (minMs === null ? '' : readable(minMs)) },
  { title: 'rounds', cell: ({ rounds }) => (rounds === 0 ? '' : String(rounds)) },
  { title: 'time / vitrail', cell: timeOverVitrail },
  { title: 'GFLOP/s', cell: ({ gflops }) => (gflops === undefined ? '' : readable(gflops)) },
  { title: 'of peak', cell: ({ ofPeak }) => (ofPeak === undefined ? '' : `${Math.round(100 * ofPeak)} %`) },
  { title: 'of baseline', cell: ({ ofBaseline }) => (ofBaseline === undefined ? '' : ofBaseline.toFixed(2)) },
  { title: 'launches/layer', cell: ({ launchesPerLayer }) => (launchesPerLayer === undefined ? '' : String(launchesPerLayer)) },
  { title: 'third loss', cell: ({ loss }) => (loss === undefined ? '' : loss.toPrecision(6)) },
  { title: 'same result', cell: agreement },
];

/**
 * Rows as Markdown, a table per group of workloads, which reads as well on a terminal, with the reasons of failures below. Columns in which a
 * group has nothing are left out.
 *
 * `time / vitrail` is the median over that of `vitrail` with as many threads, or with one.
 */
export function formatTables(rows: readonly Row[], workloads: readonly Workload[]): string {
  const groups = [...new Set(workloads.map(({ name }) => groupOf(name)))];
  return groups
    .map((group) => ({ group, members: rows.filter(({ workload }) => groupOf(workload) === group) }))
    .filter(({ members }) => members.length > 0)
    .map(
      ({ group, members }) =>
        `### ${group}\n\n${legend(members, workloads)}\n\n${markdown(tableOf(members))}\n${failures(members)}`,
    )
    .join('\n');
}

function legend(members: readonly Row[], workloads: readonly Workload[]): string {
  const measured = workloads.filter(({ name }) => members.some(({ workload }) => workload === name));
  return measured
    .map(({ name, title, baseline }) => `- ${name}: ${title}${baseline ? ` (baseline: ${baseline})` : ''}`)
    .join('\n');
}

/** Why engines failed, each reason once. */
function failures(members: readonly Row[]): string {
  const reasons = new Map<string, Set<string>>();
  for (const { engine, error } of members) {
    if (error !== undefined) reasons.set(error, (reasons.get(error) ?? new Set()).add(engine));
  }
  const lines = [...reasons].map(([reason, engines]) => `- ${[...engines].join(', ')} failed: ${reason}\n`);
  return lines.length > 0 ? `\n${lines.join('')}` : '';
}

function tableOf(rows: readonly Row[]): string[][] {
  const hasSeveral = new Set(rows.map(({ workload }) => workload)).size > 1;
  const all: readonly Column[] = hasSeveral ? [{ title: 'workload', cell: ({ workload }) => workload }, ...columns] : columns;
  const cells = all.map(({ title, cell }) => [title, ...rows.map((row) => cell(row, rows))]);
  const shown = cells.filter(([, ...below]) => below.some((cell) => cell !== ''));
  return ['title', ...rows].map((_, line) => shown.map((column) => column[line]));
}

function markdown([head, ...body]: readonly (readonly string[])[]): string {
  // A reason for a failure may be long: it does not widen its column for all others.
  const widths = head.map((title, i) =>
    Math.max(title.length, ...body.map((cells) => cells[i].length).filter((width) => width <= 30)),
  );
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

function timeOverVitrail({ workload, threads, medianMs }: Row, rows: readonly Row[]): string {
  const own = rows.filter((row) => row.workload === workload && row.engine === 'vitrail' && row.medianMs !== null);
  const reference = own.find((row) => row.threads === threads) ?? own.find((row) => row.threads === 1);
  if (medianMs === null || reference?.medianMs == null) return '';
  return (medianMs / reference.medianMs).toFixed(2);
}

function agreement(row: Row): string {
  if (row.difference === undefined) return '';
  return isSame(row) ? 'yes' : `NO, differs by ${row.difference.toPrecision(2)}`;
}

/** Three digits, more where they are whole. */
function readable(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
