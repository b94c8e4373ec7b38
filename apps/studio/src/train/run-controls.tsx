import { ExportButtons } from './export-buttons.tsx';
import { form, runner, stopRun, tell } from './train-state.ts';

const states = {
  opening: 'Opening',
  running: 'Training',
  pausing: 'Pausing after this step',
  paused: 'Paused',
  finished: 'Finished',
} as const;

/** What is being trained, and how to stop it. */
export function RunControls() {
  const { phase, opened, progress, keptStep, notKept } = runner;
  const now = phase.value as keyof typeof states;
  const bad = progress.value?.bad;
  return (
    <section class="pane run-controls" aria-label="Run">
      <h2 aria-live="polite" class={`state ${now}`}>
        {states[now] ?? ''}
      </h2>
      <div class="buttons">
        {now === 'paused' ? (
          <button class="primary" type="button" onClick={() => tell(runner.goOn())}>
            Resume
          </button>
        ) : (
          now !== 'finished' && (
            <button class="primary" type="button" disabled={now !== 'running'} onClick={() => tell(runner.pause())}>
              Pause
            </button>
          )
        )}
        <button type="button" disabled={now === 'opening' || now === 'pausing'} onClick={() => tell(stopRun())}>
          {now === 'finished' ? 'Close' : 'Stop'}
        </button>
      </div>
      <dl class="facts">
        <dt>Recipe</dt>
        <dd>{form.value.preset}</dd>
        <dt>Data</dt>
        <dd>{opened.value?.description ?? '...'}</dd>
        <dt>Kept in this browser</dt>
        <dd>
          {notKept.value !== undefined ? (
            <span class="problem">
              Not since {keptStep.value === undefined ? 'the start' : `step ${keptStep.value}`}: {notKept.value}. A reload will
              lose what comes after.
            </span>
          ) : keptStep.value === undefined ? (
            'not yet'
          ) : (
            `step ${keptStep.value}`
          )}
        </dd>
      </dl>
      {opened.value?.warnings.map((warning) => (
        <p key={warning} class="note">
          {warning}
        </p>
      ))}
      {bad !== undefined && bad.count > 0 && (
        <div class="note bad-samples">
          <p>
            {bad.count} {bad.count === 1 ? 'sample was' : 'samples were'} bad and left out:
          </p>
          <ul>
            {bad.latest.map((told) => (
              <li key={told}>{told}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="buttons">{opened.value !== undefined && <ExportButtons />}</div>
    </section>
  );
}
