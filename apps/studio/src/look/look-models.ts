import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { ModelCard, ModelFiles } from '../engine/look-request.ts';
import { reportProblem } from '../ui/notice.tsx';
import { type EmbeddedModel, embeddedModelUrl } from './embedded-models.ts';
import { client } from './look-device.ts';
import { chosenGrid } from './look-settings.ts';

/** Two models fit beside each other. */
export const placeNames = ['a', 'b'] as const;
export type PlaceName = (typeof placeNames)[number];

/** Where a model is from: shipped with the page, or opened from disk. */
export type ModelSource = { readonly name: string; readonly files: ModelFiles; readonly embedded?: EmbeddedModel };

/** A model in its place on the page. */
export type Place = {
  readonly source?: ModelSource;
  /** Known once the model is open; another object for another model. */
  readonly card?: ModelCard;
  /** What is on its way into this place, and how much of it has come, in [0, 1]. */
  readonly opening?: { readonly name: string; readonly share: number };
};

export const places: Readonly<Record<PlaceName, Signal<Place>>> = { a: signal({}), b: signal({}) };
/** Whether a second model is shown. */
export const isComparing = signal(false);
export const embeddedModels = signal<readonly EmbeddedModel[]>([]);

let lastOpening: Promise<void> = Promise.resolve();

/** Opens a model in a place, after those that are on their way. What was there stays if this one does not open. */
export function openInPlace(name: PlaceName, source: ModelSource): Promise<void> {
  lastOpening = lastOpening.then(() => open(name, source));
  return lastOpening;
}

async function open(name: PlaceName, source: ModelSource): Promise<void> {
  const place = places[name];
  const by = client.value;
  if (by === undefined) {
    place.value = { source }; // Opened when a device has started.
    return;
  }
  const onProgress = proxy((done: number, of: number) => {
    if (place.value.opening) place.value = { ...place.value, opening: { name: source.name, share: done / of } };
  });
  place.value = { ...place.value, opening: { name: source.name, share: 0 } };
  try {
    const card = await by.ask((engine) => engine.openModel(name, source.files, onProgress));
    place.value = { source, card };
    if (name === 'b') isComparing.value = true;
  } catch (error) {
    const { source: kept, card } = place.value;
    place.value = { source: kept ?? (client.value === by ? undefined : source), card };
    if (client.value === by) reportProblem(error);
  }
}

/** Takes the second model away. */
export async function closeSecond(): Promise<void> {
  isComparing.value = false;
  places.b.value = {};
  await client.value?.ask((engine) => engine.closeModel('b'));
}

/** A worker that has just started has no models. */
effect(() => {
  if (client.value === undefined) return;
  for (const name of placeNames) {
    const { source } = places[name].peek();
    if (source === undefined) continue;
    places[name].value = { source };
    void openInPlace(name, source);
  }
});

export function embeddedSource(model: EmbeddedModel): ModelSource {
  return { name: model.name, files: { urls: [embeddedModelUrl(model)] }, embedded: model };
}

/** A model out of files that a user picked or dropped. */
export function sourceOf(files: readonly File[]): ModelSource {
  const [folder] = files[0]?.webkitRelativePath.split('/') ?? [];
  const weights = files.find(({ name }) => /\.(safetensors|npz|pt|pth|bin)$/.test(name));
  return { name: folder || weights?.name || files[0]?.name || 'Nothing', files: { files } };
}

/** The fewest and the most patches along a side that a model is shown with: its own number, and four times that or 48. */
export function gridRange({ imageSize, patchSize }: ModelCard): readonly [least: number, most: number] {
  const own = Math.max(1, Math.floor(imageSize / patchSize));
  return [own, Math.max(own, Math.min(4 * own, 48))];
}

/** Patches along a side that a model is shown with. */
export function gridOf({ card, source }: Place): number {
  if (card === undefined) return 0;
  const [least, most] = gridRange(card);
  return Math.min(most, Math.max(least, chosenGrid.value ?? source?.embedded?.grid ?? least));
}

/** The models that are shown and open. */
export const openPlaces: ReadonlySignal<readonly PlaceName[]> = computed(() =>
  placeNames.filter((name) => (name === 'a' || isComparing.value) && places[name].value.card !== undefined),
);
