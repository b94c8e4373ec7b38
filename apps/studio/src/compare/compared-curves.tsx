import type { TrainRow } from '../engine/train-rows.ts';
import { type CurveSeries, Curves } from '../train/curves.tsx';
import { runners, sides } from './compare-state.ts';
import { runningMean } from './running-mean.ts';

/** Steps that a point of a curve is the mean of. */
const meanOver = 20;

/** Curves of both, of one number by step. */
export function ComparedCurves() {
  const chance = runners.map(({ view }) => view.value?.chance).find((value) => value !== undefined);
  const steps = Math.max(1, ...runners.map(({ opened }) => opened.value?.steps ?? 1));
  const last = Math.max(...runners.map(({ scores }) => scores.value.at(-1)?.step ?? 0));
  const guessing: CurveSeries = {
    label: 'guessing',
    color: 'quiet',
    isDashed: true,
    points:
      chance === undefined
        ? []
        : [
            [0, chance],
            [last, chance],
          ],
  };
  return (
    <div class="compared-curves">
      <section class="pane">
        <h2>
          Visible patches<span class="note">: cross-entropy of what the student and the teacher say of them</span>
        </h2>
        <Curves
          name="Cross-entropy of visible patches"
          series={ofRows((row) => row['patch/visible'])}
          steps={steps}
          height={200}
        />
      </section>
      <section class="pane">
        <h2>
          Segmentation<span class="note">: mIoU on 16 held-out scenes</span>
        </h2>
        <Curves name="mIoU" series={[...ofScores(), guessing]} steps={steps} height={200} />
      </section>
      <section class="pane">
        <h2>
          What seeing helps<span class="note">: cross-entropy of hidden patches less that of visible ones</span>
        </h2>
        <Curves
          name="Hidden less visible"
          series={ofRows((row) => row['patch/masked'] - row['patch/visible'])}
          steps={steps}
          height={200}
        />
      </section>
      <section class="pane">
        <h2>
          Contrastive loss<span class="note"> of pictures and captions, the same for both</span>
        </h2>
        <Curves name="Contrastive loss" series={ofRows((row) => row['loss/contrastive'])} steps={steps} height={200} />
      </section>
    </div>
  );
}

function ofRows(value: (row: TrainRow) => number): CurveSeries[] {
  return sides.map(({ name, color }, i) => ({
    label: name,
    color,
    points: runningMean(
      runners[i].rows.value.map((row): [number, number] => [row.step, value(row)]),
      meanOver,
    ),
  }));
}

function ofScores(): CurveSeries[] {
  return sides.map(({ name, color }, i) => ({
    label: name,
    color,
    points: runners[i].scores.value.map(({ step, mIoU }): [number, number] => [step, mIoU]),
  }));
}
