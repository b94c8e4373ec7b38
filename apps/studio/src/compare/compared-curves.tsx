import { type CurveSeries, Curves } from '../train/curves.tsx';
import { runners, sides } from './compare-state.ts';

/** Curves of both, of one number by step. */
export function ComparedCurves() {
  const chance = runners.map(({ view }) => view.value?.chance).find((value) => value !== undefined);
  const steps = Math.max(1, ...runners.map(({ opened }) => opened.value?.steps ?? 1));
  const guessing: CurveSeries = {
    label: 'guessing',
    color: 'quiet',
    isDashed: true,
    points:
      chance === undefined
        ? []
        : [
            [0, chance],
            [steps, chance],
          ],
  };
  return (
    <div class="compared-curves">
      <section class="pane">
        <h2>Visible patches: cross-entropy with the teacher</h2>
        <Curves name="Cross-entropy of visible patches" series={ofRows('patch/visible')} steps={steps} height={200} />
      </section>
      <section class="pane">
        <h2>Segmentation of 16 held-out scenes: mIoU</h2>
        <Curves name="mIoU" series={[...ofScores(), guessing]} steps={steps} height={200} />
      </section>
      <section class="pane">
        <h2>Hidden patches: cross-entropy with the teacher</h2>
        <Curves name="Cross-entropy of hidden patches" series={ofRows('patch/masked')} steps={steps} height={200} />
      </section>
      <section class="pane">
        <h2>Contrastive loss of pictures and captions</h2>
        <Curves name="Contrastive loss" series={ofRows('loss/contrastive')} steps={steps} height={200} />
      </section>
    </div>
  );
}

function ofRows(number: string): CurveSeries[] {
  return sides.map(({ name, color }, i) => ({
    label: name,
    color,
    points: runners[i].rows.value.map((row): [number, number] => [row.step, row[number]]),
  }));
}

function ofScores(): CurveSeries[] {
  return sides.map(({ name, color }, i) => ({
    label: name,
    color,
    points: runners[i].scores.value.map(({ step, mIoU }): [number, number] => [step, mIoU]),
  }));
}
