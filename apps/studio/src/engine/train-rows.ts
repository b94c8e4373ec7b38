/** The numbers of a step, by their names. */
export type TrainRow = { readonly step: number; readonly [name: string]: number };

/** More points than a chart has pixels show nothing. */
const mostRows = 2000;

/** Rows with more behind them; from time to time every second one is left out, so that a long run does not fill the memory. */
export function withRows<Row extends { readonly step: number }>(rows: readonly Row[], more: readonly Row[]): readonly Row[] {
  const all = [...rows, ...more];
  return all.length > mostRows ? all.filter((_, i) => i % 2 === all.length % 2 || i === all.length - 1) : all;
}
