import { runner } from './train-state.ts';

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** Where the run is, how fast it goes and what it takes. */
export function Numbers() {
  const { opened, progress, rows } = runner;
  const { step: first = 0, steps = 1, room } = opened.value ?? {};
  const { step = first, imagesPerSecond = 0, launches = 0, peakBytes = 0, stateBytes = 0 } = progress.value ?? {};
  const loss = rows.value.at(-1)?.loss;
  return (
    <section class="pane numbers" aria-label="Numbers">
      <div class="meter">
        <progress value={step} max={steps} aria-label="Steps done" />
      </div>
      <dl>
        <Tile name="Step" value={`${step}`} detail={`of ${steps}`} />
        <Tile name="Loss" value={loss === undefined ? '–' : loss.toFixed(3)} />
        <Tile
          name="Images per second"
          value={imagesPerSecond > 0 ? imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0) : '–'}
        />
        <Tile name="Kernel launches per step" value={launches > 0 ? String(launches) : '–'} />
        <Tile
          name="Memory at the most"
          value={peakBytes > 0 ? `${megabytes(peakBytes)} MB` : '–'}
          detail={room && `estimated ${megabytes(room.peak)} MB; between steps ${megabytes(stateBytes)} MB`}
        />
      </dl>
    </section>
  );
}

function Tile({ name, value, detail }: { readonly name: string; readonly value: string; readonly detail?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {detail !== undefined && <small>{detail}</small>}
      </dd>
    </div>
  );
}
