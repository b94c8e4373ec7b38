import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { PictureCanvas, PixelCanvas } from '../ui/pixel-canvas.tsx';
import { heatMapLayer, wordCosines } from './layers.ts';
import type { Result } from './look-results.ts';
import { opacity, view, wordShown } from './look-settings.ts';
import { cosineText, patchAt } from './picked-patch.ts';

/** A small heat map for every word; picking one shows it large. */
export function HeatMaps({ result }: { readonly result: Result }) {
  const { words } = result.request;
  if (words.length === 0) return null;
  return (
    <section class="heat-maps" aria-label="Heat maps of the words">
      <ul style={{ '--across': Math.max(2, Math.min(4, Math.ceil(Math.sqrt(words.length)))) }}>
        {words.map((word, index) => (
          <HeatMap key={word} result={result} word={word} index={index} />
        ))}
      </ul>
      <p class="note heat-scale">
        <span>least</span>
        <span class="viridis" aria-hidden="true" />
        <span>most, every map by its own scale</span>
      </p>
    </section>
  );
}

function HeatMap({ result, word, index }: { readonly result: Result; readonly word: string; readonly index: number }) {
  const { look, picture } = result;
  const pointed = useSignal<number | undefined>(undefined);
  const cosines = wordCosines(result, index);
  const { pixels, range } = useMemo(() => {
    const range = [Math.min(...cosines), Math.max(...cosines)].map(cosineText);
    return { ...heatMapLayer(cosines, look), range: range.join(' to ') };
  }, [result, index]);
  const isShown = view.value === 'heat-map' && wordShown.value === index;
  return (
    <li>
      <button
        type="button"
        class="tile"
        aria-pressed={isShown}
        onClick={() => {
          wordShown.value = index;
          view.value = 'heat-map';
        }}
      >
        <span
          class="tile-picture under-heat"
          style={{ aspectRatio: `${picture.bitmap.width} / ${picture.bitmap.height}` }}
          onPointerMove={({ clientX, clientY, currentTarget }) => {
            const { left, top, width, height } = currentTarget.getBoundingClientRect();
            pointed.value = cosines[patchAt(look, { x: (clientX - left) / width, y: (clientY - top) / height })];
          }}
          onPointerLeave={() => {
            pointed.value = undefined;
          }}
        >
          <PictureCanvas bitmap={picture.small} class="underneath" />
          <PixelCanvas pixels={pixels} class="over" style={{ opacity: opacity.value }} />
        </span>
        <span class="tile-name">{word}</span>
        <span class="note">{pointed.value === undefined ? range : pointed.value.toFixed(3)}</span>
      </button>
    </li>
  );
}
