import type { KeptRun } from '../engine/train-kept-run.ts';
import { FilesField } from './data-picker.tsx';
import { ExportButtons } from './export-buttons.tsx';
import { LossCurves } from './loss-curves.tsx';
import { discardKept, goOnFromKept, picked, runner, tell } from './train-state.ts';

/** The run that is kept in this browser: it can be gone on with, exported, or removed. */
export function KeptRunCard({ run }: { readonly run: KeptRun }) {
  const { preset, steps } = run.plan;
  const isDone = run.step >= steps;
  const needsFiles = run.plan.data === 'files' && picked.value === undefined;
  const isReady = runner.phase.value === 'ready';
  return (
    <>
      <section class="pane kept-run" aria-label="Kept run">
        <h2>{isDone ? 'A finished run is kept here' : 'A run goes on where you left it'}</h2>
        <p>
          <strong>{preset}</strong>, {isDone ? `all ${steps} steps` : `step ${run.step} of ${steps}`}, learning from{' '}
          {run.picked ?? 'scenes'}, seed {run.plan.seed}.
        </p>
        {run.isInUse && <p class="problem">Another tab of the studio is training it now.</p>}
        {!isDone && run.picked !== undefined && (
          <div class="field">
            <p class="note">A page may not keep files of yours: choose {run.picked} once more to go on.</p>
            <FilesField isFolder={!run.picked.endsWith('.tar')} readsCaptions />
          </div>
        )}
        <div class="buttons">
          {!isDone && (
            <button
              class="primary"
              type="button"
              disabled={!isReady || needsFiles || run.isInUse}
              onClick={() => tell(goOnFromKept())}
            >
              Go on from step {run.step}
            </button>
          )}
          <ExportButtons />
          <button type="button" disabled={!isReady || run.isInUse} onClick={() => tell(discardKept())}>
            Discard
          </button>
        </div>
      </section>
      <LossCurves rows={run.rows} steps={steps} />
    </>
  );
}
