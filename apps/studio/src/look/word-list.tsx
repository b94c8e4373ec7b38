import { reportProblem } from '../ui/notice.tsx';
import { openPlaces, places } from './look-models.ts';
import { results } from './look-results.ts';
import { addWords, removeWord, words } from './look-settings.ts';
import { Swatch } from './readings.tsx';

/** The words that are looked for: each can be taken away, others added. */
export function WordList() {
  const { look, request } = results.a.value ?? {};
  const colorOf = (word: string) => look?.colors[request?.words.indexOf(word) ?? -1];
  const add = (input: HTMLInputElement) => {
    try {
      addWords(input.value);
      input.value = '';
    } catch (error) {
      reportProblem(error);
    }
  };
  const onKeyDown = (event: KeyboardEvent & { readonly currentTarget: HTMLInputElement }) => {
    const last = words.value.at(-1);
    if (event.key === 'Backspace' && event.currentTarget.value === '' && last !== undefined) removeWord(last);
    if (event.key === ',') {
      event.preventDefault();
      add(event.currentTarget);
    }
  };
  const encodesTexts = openPlaces.value.length === 0 || openPlaces.value.some((name) => places[name].value.card?.encodesTexts);
  return (
    <section class="word-list" aria-label="Words to look for">
      <ul>
        {words.value.map((word) => (
          <li key={word} class="chip">
            <Swatch color={colorOf(word)} />
            <span>{word}</span>
            <button type="button" class="quiet" aria-label={`Remove ${word}`} onClick={() => removeWord(word)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      <form
        class="word-entry"
        onSubmit={(event) => {
          event.preventDefault();
          add(event.currentTarget.elements.namedItem('word') as HTMLInputElement);
        }}
      >
        <input
          name="word"
          type="text"
          aria-label="Add a word or phrase"
          placeholder="add a word or phrase"
          autocomplete="off"
          disabled={!encodesTexts}
          onKeyDown={onKeyDown}
        />
        <button type="submit" disabled={!encodesTexts}>
          Add
        </button>
      </form>
    </section>
  );
}
