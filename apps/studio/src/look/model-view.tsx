import { PictureCanvas } from '../ui/pixel-canvas.tsx';
import { HeatMaps } from './heat-maps.tsx';
import { isComparing, type PlaceName, places } from './look-models.ts';
import { picture } from './look-picture.ts';
import { results } from './look-results.ts';
import { Readings } from './readings.tsx';
import { Stage } from './stage.tsx';

/** What one model makes of the picture; before it has, the picture alone. */
export function ModelView({ name }: { readonly name: PlaceName }) {
  const result = results[name].value;
  const { source, card, opening } = places[name].value;
  const title = source?.name ?? opening?.name ?? 'No model yet';
  const isKnown = result !== undefined && result.card === card;
  return (
    <section class="model-view" aria-label={`What ${title} sees`} data-place={name}>
      {isComparing.value && <h2>{title}</h2>}
      {isKnown ? (
        <div class="stage-and-readings">
          <Stage result={result} />
          <div>
            <Readings result={result} />
            <HeatMaps result={result} />
          </div>
        </div>
      ) : (
        <Waiting />
      )}
    </section>
  );
}

function Waiting() {
  const shown = picture.value;
  return (
    <div class="stage-and-readings">
      <figure class="stage-figure">
        <div class="stage waiting" style={shown && { aspectRatio: `${shown.bitmap.width} / ${shown.bitmap.height}` }}>
          {shown && <PictureCanvas bitmap={shown.bitmap} class="underneath" />}
        </div>
        <figcaption class="note">Waiting for a model.</figcaption>
      </figure>
    </div>
  );
}
