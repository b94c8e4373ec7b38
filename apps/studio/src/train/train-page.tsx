import { classColors, paintLabels } from '@vitrail/paint';
import { useEffect, useMemo } from 'preact/hooks';
import type { OpenedRun } from '../engine/train-engine.ts';
import { page } from '../route.ts';
import { Notice } from '../ui/notice.tsx';
import { Curves } from './curves.tsx';
import { HeldOutPicture, Legend, Painted } from './held-out-picture.tsx';
import { KeptRunCard } from './kept-run-card.tsx';
import { LossCurves } from './loss-curves.tsx';
import { Numbers } from './numbers.tsx';
import { RunControls } from './run-controls.tsx';
import { RunForm } from './run-form.tsx';
import { heldOutScene, isOpen, kept, prepare, runner, tell } from './train-state.ts';
import './train.css';

/** Trains a model in this tab. */
export function TrainPage() {
  useEffect(() => {
    if (page.value === 'train' && runner.phase.peek() === 'off') void tell(prepare());
  }, [page.value]);
  return (
    <>
      <header class="page-head">
        <h1>Train a model in this tab</h1>
        <p class="note">
          Pictures and words are all it sees. Every few seconds it is asked where each word is in a picture that it never trains
          on.
        </p>
      </header>
      <Notice />
      <div class="train">
        <div class="train-side">
          {isOpen.value ? <RunControls /> : <RunForm />}
          <DeviceLine />
        </div>
        <div class="train-main">
          <Main />
        </div>
      </div>
    </>
  );
}

function Main() {
  if (isOpen.value) return <OpenRun />;
  if (runner.phase.value === 'opening') {
    return (
      <section class="pane" aria-busy="true">
        <p role="status">Opening the pictures, and learning the words of their captions ...</p>
      </section>
    );
  }
  return kept.value === undefined ? <Introduction /> : <KeptRunCard run={kept.value} />;
}

function OpenRun() {
  const { opened, view, rows, scores } = runner;
  if (opened.value === undefined) return null;
  return (
    <>
      <Numbers />
      <HeldOutPicture heldOut={opened.value.heldOut} view={view.value} canChoose={opened.value.readsTexts} />
      <LossCurves rows={rows.value} steps={opened.value.steps} />
      {scores.value.length > 1 && (
        <section class="pane">
          <h2>Segmentation of 16 held-out scenes</h2>
          <Curves
            name="mIoU"
            series={[{ label: 'mIoU', color: 'green', points: scores.value.map(({ step, mIoU }) => [step, mIoU]) }]}
            steps={opened.value.steps}
            height={150}
          />
        </section>
      )}
    </>
  );
}

function Introduction() {
  return (
    <section class="pane introduction">
      <h2>What happens</h2>
      <ol>
        <li>
          <strong>Scenes are drawn, and described.</strong> One to four shapes, with captions of three kinds. Or take pictures of
          yours: they are read where they lie.
        </li>
        <li>
          <strong>A recipe trains on them,</strong> with the same code as the command line: TIPSv2 compares pictures with
          captions, and asks a masked picture for what a whole one says of every patch.
        </li>
        <li>
          <strong>You see it learn.</strong> Losses, speed and memory, and where the model sees each word in a held-out picture.
        </li>
        <li>
          <strong>Nothing is lost.</strong> Checkpoints stay in this browser; a reload goes on at the same step with the same
          numbers. Export the model for <code>vitrail embed</code>, <code>segment</code> and <code>evaluate</code>.
        </li>
      </ol>
      {heldOutScene.value !== undefined && <Scene heldOut={heldOutScene.value} />}
    </section>
  );
}

function Scene({ heldOut: { picture, truth, words } }: { readonly heldOut: OpenedRun['heldOut'] }) {
  const { width, height } = picture;
  const colors = useMemo(() => classColors(words), [words]);
  if (truth === undefined) return null;
  return (
    <div class="held-out">
      <div class="pictures">
        <Painted caption="A scene it never trains on" pixels={picture.data} width={width} height={height} />
        <Painted caption="What is to be found there" pixels={paintLabels(truth, colors)} width={width} height={height} />
      </div>
      <Legend words={words} colors={colors} maps={[truth]} />
    </div>
  );
}

function DeviceLine() {
  const { device, phase } = runner;
  if (phase.value === 'off') return <p class="note device">The worker is not running. </p>;
  if (device.value === undefined) return <p class="note device">Looking for what can compute here ...</p>;
  const { name, reason } = device.value;
  return (
    <p class="note device">
      Computing with <strong>{name === 'webgpu' ? 'WebGPU' : name === 'wasm' ? 'WebAssembly' : name}</strong>: {reason}.
    </p>
  );
}
