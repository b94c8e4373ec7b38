import { tell } from '../train/train-state.ts';
import { Notice } from '../ui/notice.tsx';
import { fill, form, goOn, hasBegun, isPaused, isRunning, pause, runners, start, startAnother } from './compare-state.ts';
import { ComparedCurves } from './compared-curves.tsx';
import { ComparedPictures } from './compared-pictures.tsx';
import { PatchDiagram } from './patch-diagram.tsx';
import '../train/train.css';
import './compare.css';

/** iBOT beside iBOT++, trained from the same seed on the same batches. */
export function ComparePage() {
  return (
    <>
      <header class="page-head">
        <h1>iBOT beside iBOT++</h1>
        <p class="note">
          The same seed, the same batches, the same everything but one setting: which patches the student is asked for.
        </p>
      </header>
      <Notice />
      <Controls />
      {hasBegun.value && <ComparedPictures />}
      {hasBegun.value && <ComparedCurves />}
      <Point />
    </>
  );
}

function Controls() {
  const { steps, seed, size } = form.value;
  const isOff = !isRunning.value && !isPaused.value;
  const submit = (event: Event) => {
    event.preventDefault();
    void tell(start());
  };
  return (
    <form class="pane compare-controls" onSubmit={submit} novalidate>
      <label class="field">
        <span>Size</span>
        <select
          disabled={!isOff}
          value={size}
          onChange={({ currentTarget }) => fill({ size: currentTarget.value as typeof size })}
        >
          <option value="tiny">tiny: 64 px, width 96</option>
          <option value="mini">mini: 32 px, width 48</option>
        </select>
      </label>
      <label class="field number">
        <span>Steps</span>
        <input
          type="number"
          min="1"
          disabled={!isOff}
          value={steps}
          onInput={({ currentTarget }) => fill({ steps: currentTarget.value })}
        />
      </label>
      <label class="field number">
        <span>Seed</span>
        <input
          type="number"
          min="0"
          disabled={!isOff}
          value={seed}
          onInput={({ currentTarget }) => fill({ seed: currentTarget.value })}
        />
      </label>
      <div class="buttons">
        {isOff && (
          <button class="primary" type="submit">
            Train both
          </button>
        )}
        {isRunning.value && (
          <button
            class="primary"
            type="button"
            disabled={!runners.some(({ phase }) => phase.value === 'running')}
            onClick={() => tell(pause())}
          >
            Pause
          </button>
        )}
        {isPaused.value && (
          <button class="primary" type="button" onClick={() => tell(goOn())}>
            Resume
          </button>
        )}
        {hasBegun.value && (
          <button
            type="button"
            disabled={runners.some(({ phase }) => phase.value === 'pausing' || phase.value === 'opening')}
            onClick={() => tell(startAnother())}
          >
            Restart with seed {Number(seed) + 1}
          </button>
        )}
      </div>
      <p class="note device" role="status">
        {describeDevice()}
      </p>
    </form>
  );
}

function describeDevice(): string {
  const [device] = runners.map(({ device }) => device.value).filter((each) => each !== undefined);
  if (device !== undefined) {
    return `Two workers, each computing with ${device.name === 'webgpu' ? 'WebGPU (they share the GPU)' : 'WebAssembly'}: ${device.reason}.`;
  }
  return isRunning.value
    ? 'Starting two workers ...'
    : 'Both train at the same time, in two workers; on the processor each has half of the cores.';
}

/** What the paper says, and what can be seen of it here. */
function Point() {
  return (
    <section class="point">
      <div class="pane">
        <h2>What differs</h2>
        <div class="diagrams">
          <figure>
            <PatchDiagram asksForAll={false} />
            <figcaption class="note">
              <strong>iBOT</strong>: the student sees the picture with patches hidden (dark), and is asked what the teacher says
              of these alone (dots).
            </figcaption>
          </figure>
          <figure>
            <PatchDiagram asksForAll />
            <figcaption class="note">
              <strong>iBOT++</strong>: it is asked for every patch, those that it sees too. Nothing else is changed.
            </figcaption>
          </figure>
        </div>
      </div>
      <div class="pane">
        <h2>What to expect</h2>
        <p>
          TIPSv2 (<cite>CVPR 2026, arXiv 2604.12012</cite>) trained both at full size, and reports that with iBOT++ patches are
          anchored to what words mean there: zero-shot segmentation is far better.
        </p>
        <p>
          Here two layers look at some thousand drawn scenes for minutes. What shows at this size, from about step 150 on, is the
          cause (figure 2 of the paper): with iBOT++ the cross-entropy of <em>visible</em> patches gets lower, and seeing a patch
          helps more to tell what it is. One run of seed 0 had 2.2 and 0.12 after 320 steps; iBOT, which never asks for what is
          seen, 3.1 and 0.06.
        </p>
        <p>
          Segmentation does not show it yet: two seeds differ by as much as the two methods. Colours are learned early, shapes
          hardly. Curves are means over 20 steps.
        </p>
      </div>
    </section>
  );
}
