import { classColors, paintLabels } from '@vitrail/paint';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { OpenedRun } from '../engine/train-engine.ts';
import type { ModelView } from '../engine/train-held-out.ts';
import { lookForWords, tell } from './train-state.ts';

type HeldOut = OpenedRun['heldOut'];

/** Words that cover less of a picture than this are not in its legend. */
const leastShare = 0.005;

/** The picture that is not trained on, the truth where it is known, and what the model sees in it now. */
export function HeldOutPicture({
  heldOut: { picture, truth, words: given },
  view,
  canChoose,
}: {
  readonly heldOut: HeldOut;
  readonly view: ModelView | undefined;
  readonly canChoose: boolean;
}) {
  const [words, setWords] = useState(given);
  useEffect(() => setWords(given), [given]);
  const colors = useMemo(() => classColors(words), [words]);
  const { width, height } = picture;
  const isOfScenes = truth !== undefined;
  return (
    <section class="pane held-out">
      <h2>
        A picture it never trains on
        {view !== undefined && <span class="note">, as the model sees it after step {view.step}</span>}
      </h2>
      <div class="pictures">
        <Painted caption="Picture" pixels={picture.data} width={width} height={height} />
        {truth !== undefined && <Painted caption="Truth" pixels={paintLabels(truth, colors)} width={width} height={height} />}
        {view?.labels !== undefined && (
          <Painted
            caption="Where the model sees each word"
            pixels={paintLabels(view.labels, colors)}
            width={width}
            height={height}
          />
        )}
        {view !== undefined && (
          <Painted
            caption="Patches: like colours, like features"
            pixels={view.principal.map((value) => 255 * value)}
            width={view.columns}
            height={view.rows}
          />
        )}
      </div>
      <Legend words={words} colors={colors} maps={[truth, view?.labels]} />
      {canChoose && !isOfScenes && <WordsField words={words} onChoose={setWords} />}
    </section>
  );
}

/** Pixels as a canvas, as wide as there is room. */
export function Painted({
  caption,
  pixels,
  width,
  height,
}: {
  readonly caption: string;
  /** `[height * width * 3]`, 0 to 255. */
  readonly pixels: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++) image.data[4 * i + channel] = pixels[3 * i + channel];
      image.data[4 * i + 3] = 255;
    }
    canvas.current?.getContext('2d')?.putImageData(image, 0, 0);
  }, [pixels, width, height]);
  return (
    <figure>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        role="img"
        aria-label={caption}
        style={{ aspectRatio: `${width} / ${height}` }}
      />
      <figcaption class="note">{caption}</figcaption>
    </figure>
  );
}

/** The words that cover something, with their colours. */
export function Legend({
  words,
  colors,
  maps,
}: {
  readonly words: readonly string[];
  readonly colors: readonly (readonly [number, number, number])[];
  readonly maps: readonly (Uint8Array | undefined)[];
}) {
  const present = useMemo(() => {
    const shares = new Float64Array(words.length);
    for (const map of maps)
      map?.forEach((label) => {
        shares[label] += 1 / map.length;
      });
    return words.flatMap((word, i) => (shares[i] > leastShare ? [{ word, color: colors[i], share: shares[i] }] : []));
  }, [words, colors, ...maps]);
  if (present.length === 0) return null;
  return (
    <ul class="legend" aria-label="Colours of words">
      {present
        .sort((a, b) => b.share - a.share)
        .map(({ word, color }) => (
          <li key={word}>
            <span class="swatch" style={{ background: `rgb(${color.join(' ')})` }} />
            {word}
          </li>
        ))}
    </ul>
  );
}

function WordsField({
  words,
  onChoose,
}: {
  readonly words: readonly string[];
  readonly onChoose: (words: readonly string[]) => void;
}) {
  const [text, setText] = useState(words.join(', '));
  const submit = (event: Event) => {
    event.preventDefault();
    void tell(lookForWords(text).then(onChoose));
  };
  return (
    <form class="words" onSubmit={submit}>
      <label class="field">
        <span>Words to look for, with commas between them</span>
        <input type="text" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      </label>
      <button type="submit">Look</button>
    </form>
  );
}
