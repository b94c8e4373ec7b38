import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Notice } from '../ui/notice.tsx';
import { DeviceLine } from './device-line.tsx';
import './look.css';
import { isComparing } from './look-models.ts';
import { startLookWhenShown } from './look-start.ts';
import { LookSummary } from './look-summary.tsx';
import { ModelPickers } from './model-picker.tsx';
import { ModelView } from './model-view.tsx';
import { PicturePicker } from './picture-picker.tsx';
import { ReadingSettings } from './reading-settings.tsx';
import { takeDrops } from './take-drops.ts';
import { startTour, Tour } from './tour.tsx';
import { ViewBar } from './view-bar.tsx';
import { WordList } from './word-list.tsx';

/** Look at a picture: where words are in it, and which patches are alike. */
export function LookPage() {
  const isUnderDrop = useSignal(false);
  useEffect(startLookWhenShown, []);
  useEffect(
    () =>
      takeDrops((isOver) => {
        isUnderDrop.value = isOver;
      }),
    [],
  );
  return (
    <div class={`look ${isUnderDrop.value ? 'under-drop' : ''}`}>
      <h1 class="unseen">Look: where words are in a picture</h1>
      <Notice />
      <div class="look-columns">
        <PicturePicker />
        <WordList />
        <section class="views" aria-label="What the model sees">
          <ViewBar />
          <div class={isComparing.value ? 'beside' : ''}>
            <ModelView name="a" />
            {isComparing.value && <ModelView name="b" />}
          </div>
          <LookSummary />
        </section>
        <aside class="settings pane" aria-label="Settings">
          <ModelPickers />
          <ReadingSettings />
          <DeviceLine />
          <section class="group">
            <p class="note">The address of this page holds what you see: copy it to come back, or to share it.</p>
            <button type="button" onClick={startTour}>
              Show the tour
            </button>
          </section>
        </aside>
      </div>
      <Tour />
    </div>
  );
}
