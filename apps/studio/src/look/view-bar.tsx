import { Choice } from '../ui/choice.tsx';
import { reportProblem } from '../ui/notice.tsx';
import { possibleView } from './layers.ts';
import { openPlaces } from './look-models.ts';
import { results } from './look-results.ts';
import { opacity, type View, view } from './look-settings.ts';
import { savePng } from './save-png.ts';

/** What the large pictures show, how strongly, and a button to keep it. */
export function ViewBar() {
  const shown = openPlaces.value.flatMap((name) => results[name].value ?? []);
  const [first] = shown;
  const words = first?.request.words.length ?? 0;
  return (
    <div class="view-bar">
      <Choice<View>
        label="The picture shows"
        options={[
          { value: 'segmentation', text: 'Segments', isDisabled: words < 2 },
          { value: 'heat-map', text: 'Heat map', isDisabled: words < 1 },
          { value: 'components', text: 'PCA' },
          { value: 'patch', text: 'Patch' },
        ]}
        value={first ? possibleView(first, view.value) : view.value}
        onChoose={(next) => {
          view.value = next;
        }}
      />
      <label class="opacity">
        <span>Opacity</span>
        <input
          type="range"
          min={0}
          max={100}
          value={Math.round(100 * opacity.value)}
          onInput={({ currentTarget }) => {
            opacity.value = Number(currentTarget.value) / 100;
          }}
        />
      </label>
      <button type="button" disabled={shown.length === 0} onClick={() => void savePng(shown).catch(reportProblem)}>
        Save as PNG
      </button>
    </div>
  );
}
