import { possibleView } from './layers.ts';
import { isComparing, openPlaces, places } from './look-models.ts';
import { isLooking, type Result, results } from './look-results.ts';
import { view, wordShown } from './look-settings.ts';
import { cosineText, nearestWords, patchAt } from './picked-patch.ts';
import { percentOf, wordShares } from './readings.tsx';

/** What is seen, in a sentence that screen readers read when it changes, and how long it took. */
export function LookSummary() {
  const shown = openPlaces.value.flatMap((name) => {
    const result = results[name].value;
    return result ? [{ name: places[name].value.source?.name ?? '', result }] : [];
  });
  const told = shown.map(({ name, result }) => (isComparing.value ? `${name}: ${tell(result)}` : tell(result)));
  const milliseconds = shown.reduce((sum, { result }) => sum + result.look.milliseconds, 0);
  return (
    <div class="summary note">
      <p aria-live="polite" class="unseen">
        {told.join(' ')}
      </p>
      <p data-looking={isLooking.value}>
        {isLooking.value ? 'Looking …' : shown.length > 0 ? `Computed in ${Math.round(milliseconds)} ms` : 'Starting …'}
      </p>
    </div>
  );
}

function tell(result: Result): string {
  const { look, request, picture } = result;
  const { words } = request;
  const shown = possibleView(result, view.value);
  if (shown === 'components') return `${picture.title}: principal components of ${look.rows} by ${look.columns} patches.`;
  if (shown === 'segmentation') {
    return `${picture.title}: ${wordShares(result)
      .map((share, index) => `${words[index]} ${percentOf(share)}`)
      .join(', ')}.`;
  }
  if (shown === 'heat-map') return `${picture.title}: heat map of ${words[Math.min(wordShown.value, words.length - 1)]}.`;
  const patch = patchAt(look);
  const nearest = nearestWords(result, patch).slice(0, 3);
  const place = `Patch in row ${Math.floor(patch / look.columns) + 1}, column ${(patch % look.columns) + 1}`;
  return `${place}: ${nearest.map(({ word, cosine }) => `${word} ${cosineText(cosine)}`).join(', ')}.`;
}
