import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Choice } from '../ui/choice.tsx';
import { reportProblem } from '../ui/notice.tsx';
import { gridOf, gridRange, openPlaces, places } from './look-models.ts';
import { chosenGrid, ownTemplate, readsValues, type TemplateKind, templateKind, useOwnTemplate } from './look-settings.ts';

/** Longer than between two steps of a slider that is dragged, in milliseconds. */
const SETTLED = 150;

/** How models read the picture and the words. */
export function ReadingSettings() {
  return (
    <>
      <Resolution />
      <Readouts />
      <Templates />
    </>
  );
}

function Resolution() {
  const dragged = useSignal<number | undefined>(undefined);
  useEffect(() => {
    if (dragged.value === undefined) return;
    const timer = setTimeout(() => {
      chosenGrid.value = dragged.value;
      dragged.value = undefined;
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [dragged.value]);
  const [first = 'a'] = openPlaces.value;
  const place = places[first].value;
  if (place.card === undefined) return null;
  const [least, most] = gridRange(place.card);
  const grid = dragged.value ?? gridOf(place);
  return (
    <section class="group" data-setting="resolution">
      <h2>
        <label for="resolution">Resolution</label>
      </h2>
      <input
        id="resolution"
        type="range"
        min={least}
        max={most}
        value={grid}
        disabled={least === most}
        aria-valuetext={`${grid} by ${grid} patches`}
        onInput={({ currentTarget }) => {
          dragged.value = Number(currentTarget.value);
        }}
      />
      <p class="note">{`${grid} × ${grid} patches: the model sees ${grid * place.card.patchSize} px${
        grid === least ? ', as it was made for' : ''
      }.`}</p>
    </section>
  );
}

function Readouts() {
  const cards = openPlaces.value.map((name) => places[name].value.card);
  const hasValues = cards.some((card) => card?.readouts.includes('value'));
  return (
    <section class="group" data-setting="readout">
      <h2>Patches are read by</h2>
      <Choice
        label="Patches are read by"
        options={[
          { value: 'value', text: 'Value attention', isDisabled: !hasValues },
          { value: 'tokens', text: 'Plain tokens' },
        ]}
        value={readsValues.value && hasValues ? 'value' : 'tokens'}
        onChoose={(readout) => {
          readsValues.value = readout === 'value';
        }}
      />
      <p class="note">
        {cards.length > 0 && !hasValues
          ? 'This model has plain tokens only.'
          : 'Value attention lets every patch keep what it saw itself in the last block.'}
      </p>
    </section>
  );
}

function Templates() {
  const text = useSignal(ownTemplate.peek());
  const use = (value: string) => {
    try {
      useOwnTemplate(value);
    } catch (error) {
      reportProblem(error);
    }
  };
  return (
    <section class="group" data-setting="templates">
      <h2>Words are put as</h2>
      <Choice<TemplateKind>
        label="Words are put as"
        options={[
          { value: 'plain', text: 'Plain words' },
          { value: 'simple', text: '7 templates' },
          { value: 'own', text: 'Own' },
        ]}
        value={templateKind.value}
        onChoose={(kind) => {
          templateKind.value = kind;
        }}
      />
      {templateKind.value === 'own' && (
        <form
          class="own-template"
          onSubmit={(event) => {
            event.preventDefault();
            use(text.value);
          }}
        >
          <input
            type="text"
            aria-label="Own template, with {} where the word goes"
            value={text.value}
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value;
            }}
          />
          <button type="submit">Use</button>
        </form>
      )}
      <p class="note">
        {templateKind.value === 'simple'
          ? '“a photo of the large {}.” and six more of CLIP, averaged.'
          : templateKind.value === 'own'
            ? `In use: “${ownTemplate.value}”`
            : 'The word alone, as you wrote it.'}
      </p>
    </section>
  );
}
