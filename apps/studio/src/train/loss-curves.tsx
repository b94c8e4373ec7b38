import type { TrainRow } from '../engine/train-rows.ts';
import { type CurveColor, Curves } from './curves.tsx';

/** Names of numbers, as people say them. */
const names: Readonly<Record<string, string>> = {
  loss: 'Loss',
  'loss/contrastive': 'contrastive',
  'loss/patch': 'patches',
  'loss/dino': 'crops',
  'loss/koleo': 'spread',
};
const colors: readonly CurveColor[] = ['blue', 'amber', 'green', 'violet', 'ruby'];

/** The loss and its parts, by step. */
export function LossCurves({ rows, steps }: { readonly rows: readonly TrainRow[]; readonly steps: number }) {
  if (rows.length === 0) return null;
  const parts = Object.keys(rows[0]).filter((name) => name === 'loss' || name.startsWith('loss/'));
  const series = parts.map((name, i) => ({
    label: names[name] ?? name.replace('loss/', ''),
    color: colors[i % colors.length],
    points: rows.map((row): [number, number] => [row.step, row[name]]),
  }));
  return (
    <section class="pane">
      <h2>Loss{parts.length > 1 && <span class="note"> and its parts, before their weights</span>}</h2>
      <Curves name="Loss" series={series} steps={steps} height={240} />
    </section>
  );
}
