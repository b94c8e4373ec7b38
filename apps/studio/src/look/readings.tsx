import { useMemo } from 'preact/hooks';
import { possibleView } from './layers.ts';
import type { Result } from './look-results.ts';
import { view, wordShown } from './look-settings.ts';
import { cosineText, nearestWords, patchAt } from './picked-patch.ts';

/** The numbers beside a picture: the legend with shares and global scores, or the words of the patch that was picked. */
export function Readings({ result }: { readonly result: Result }) {
  if (result.request.words.length === 0) {
    const why = result.card.encodesTexts
      ? 'Add words to see where they are.'
      : 'This model has no texts, so there is nothing to compare words with. Its components and patches can be looked at.';
    return <p class="note">{why}</p>;
  }
  return possibleView(result, view.value) === 'patch' ? <PatchWords result={result} /> : <Legend result={result} />;
}

/** Shares of the words in a segmentation, in [0, 1]; none for fewer than two words. */
export function wordShares({ look }: Result): readonly number[] {
  if (look.labels.length === 0) return [];
  const counts = new Array<number>(look.scores.length).fill(0);
  for (const label of look.labels) counts[label] += 1;
  return counts.map((count) => count / look.labels.length);
}

/** How a share is written. */
export function percentOf(share: number): string {
  const percent = 100 * share;
  return `${percent > 0 && percent < 0.95 ? '<1' : Math.round(percent)} %`;
}

function Legend({ result }: { readonly result: Result }) {
  const { look, request } = result;
  const shares = useMemo(() => wordShares(result), [result]);
  const largest = Math.max(...look.scores, 1e-6);
  return (
    <table class="word-table">
      <thead>
        <tr>
          <th scope="col">Word</th>
          <th scope="col">Area</th>
          <th scope="col" title="Cosine of the whole picture with the word">
            Whole picture
          </th>
        </tr>
      </thead>
      <tbody>
        {request.words.map((word, index) => (
          <tr key={word}>
            <th scope="row">
              <button
                type="button"
                class="quiet"
                aria-label={`Show the heat map of ${word}`}
                onClick={() => {
                  wordShown.value = index;
                  view.value = 'heat-map';
                }}
              >
                <Swatch color={look.colors[index]} />
                {word}
              </button>
            </th>
            <td>{shares.length > 0 ? percentOf(shares[index]) : '–'}</td>
            <td title={look.scores[index].toFixed(5)}>
              <Bar share={look.scores[index] / largest} text={cosineText(look.scores[index])} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function PatchWords({ result }: { readonly result: Result }) {
  const { look } = result;
  const patch = patchAt(look);
  const nearest = nearestWords(result, patch).slice(0, 10);
  const largest = Math.max(nearest[0].cosine, 1e-6);
  return (
    <table class="word-table">
      <caption>{`Patch in row ${Math.floor(patch / look.columns) + 1}, column ${(patch % look.columns) + 1}`}</caption>
      <thead>
        <tr>
          <th scope="col">Nearest words</th>
          <th scope="col">Cosine</th>
        </tr>
      </thead>
      <tbody>
        {nearest.map(({ word, index, cosine }) => (
          <tr key={word}>
            <th scope="row">
              <Swatch color={look.colors[index]} />
              {word}
            </th>
            <td>
              <Bar share={cosine / largest} text={cosineText(cosine)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The colour of a word. */
export function Swatch({ color }: { readonly color: readonly number[] | undefined }) {
  return <span class="swatch" aria-hidden="true" style={{ background: color ? `rgb(${color.join(' ')})` : undefined }} />;
}

function Bar({ share, text }: { readonly share: number; readonly text: string }) {
  return (
    <span class="bar">
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ width: `${100 * Math.min(1, Math.max(0, share))}%` }} />
      </span>
      <span>{text}</span>
    </span>
  );
}
