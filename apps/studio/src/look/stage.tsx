import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { PictureCanvas, PixelCanvas } from '../ui/pixel-canvas.tsx';
import { layerOf, possibleView } from './layers.ts';
import type { Result } from './look-results.ts';
import { opacity, pickedPlace, view, wordShown } from './look-settings.ts';
import { cosineText, nearestWords, patchAt, pickPatch } from './picked-patch.ts';

/** The picture, large, with what the model makes of it above; its patches can be pointed at and picked. */
export function Stage({ result }: { readonly result: Result }) {
  const { look, picture } = result;
  const pointed = useSignal<number | undefined>(undefined);
  const shownView = possibleView(result, view.value);
  const [word, patch] = [wordShown.value, patchAt(look)];
  // Of all settings only those that this view depends on draw it anew.
  const drawn = [shownView === 'heat-map' && word, shownView === 'patch' && patch];
  const layer = useMemo(() => layerOf(result, shownView, { word, patch }), [result, shownView, ...drawn]);
  const { width, height } = picture.bitmap;
  return (
    <figure class="stage-figure">
      <div
        class={`stage ${layer.isHeatMap ? 'under-heat' : ''}`}
        style={{ aspectRatio: `${width} / ${height}`, '--shape': width / height }}
      >
        <PictureCanvas bitmap={picture.bitmap} class="underneath" />
        <PixelCanvas pixels={layer.pixels} class="over" style={{ opacity: opacity.value }} />
        <PatchPointer
          result={result}
          onPoint={(patch) => {
            pointed.value = patch;
          }}
        />
        {pointed.value !== undefined && <PatchMark result={result} patch={pointed.value} kind="pointed" />}
        {shownView === 'patch' && <PatchMark result={result} patch={patch} kind="picked" />}
      </div>
      <figcaption class="note">
        <PatchCaption result={result} patch={pointed.value} />
      </figcaption>
    </figure>
  );
}

/** What takes pointer and keys over the picture. */
function PatchPointer({
  result: { look, picture },
  onPoint,
}: {
  readonly result: Result;
  readonly onPoint: (patch?: number) => void;
}) {
  const placeOf = ({ clientX, clientY, currentTarget }: { clientX: number; clientY: number; currentTarget: HTMLElement }) => {
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };
  const pick = (row: number, column: number) => {
    pickPatch(look, row, column);
    view.value = 'patch';
  };
  const move = (event: KeyboardEvent) => {
    const current = patchAt(look);
    const [row, column] = [Math.floor(current / look.columns), current % look.columns];
    const moves: Readonly<Record<string, readonly [row: number, column: number]>> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, look.columns - 1],
      Enter: [row, column],
    };
    if (event.key === 'Escape') {
      pickedPlace.value = undefined;
      view.value = 'segmentation';
    } else if (Object.hasOwn(moves, event.key)) {
      event.preventDefault();
      pick(...moves[event.key]);
    }
  };
  return (
    <div
      class="patch-pointer"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of an application are its own
      tabIndex={0}
      aria-label={`${picture.title}: ${look.rows} by ${look.columns} patches. Arrow keys pick a patch, Escape goes back to the words.`}
      onPointerMove={(event) => onPoint(patchAt(look, placeOf(event)))}
      onPointerLeave={() => onPoint(undefined)}
      onClick={(event) => {
        const patch = patchAt(look, placeOf(event));
        pick(Math.floor(patch / look.columns), patch % look.columns);
      }}
      onKeyDown={move}
    />
  );
}

function PatchMark({
  result: { look },
  patch,
  kind,
}: {
  readonly result: Result;
  readonly patch: number;
  readonly kind: string;
}) {
  const percent = (share: number) => `${100 * share}%`;
  return (
    <span
      class={`patch-mark ${kind}`}
      style={{
        left: percent((patch % look.columns) / look.columns),
        top: percent(Math.floor(patch / look.columns) / look.rows),
        width: percent(1 / look.columns),
        height: percent(1 / look.rows),
      }}
    />
  );
}

function PatchCaption({ result, patch }: { readonly result: Result; readonly patch: number | undefined }) {
  const { look } = result;
  if (patch === undefined) return <>{`${look.rows} × ${look.columns} patches. Pick one to see what is like it.`}</>;
  const nearest = nearestWords(result, patch).slice(0, 2);
  const place = `Row ${Math.floor(patch / look.columns) + 1}, column ${(patch % look.columns) + 1}`;
  const told = nearest.map(({ word, cosine }) => `${word} ${cosineText(cosine)}`).join(', ');
  return <>{told === '' ? place : `${place}: ${told}`}</>;
}
