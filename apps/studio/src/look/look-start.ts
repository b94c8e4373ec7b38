import { effect } from '@preact/signals';
import { VitrailError } from '@vitrail/core';
import { page, parameters } from '../route.ts';
import { reportProblem } from '../ui/notice.tsx';
import { type EmbeddedModel, fetchEmbeddedModels } from './embedded-models.ts';
import { useBackend } from './look-device.ts';
import { keepSettingsInLink, type LinkedParts, restoreSettings } from './look-link.ts';
import { embeddedModels, embeddedSource, openInPlace, placeNames, places } from './look-models.ts';
import { picture, showSample } from './look-picture.ts';
import { setWords, words, wordsAreOwn } from './look-settings.ts';
import { offerTour } from './tour.tsx';

/** Opens a device, a model and a picture when the page is shown for the first time: those of the link, where it has some. */
export function startLookWhenShown(): void {
  const stopWaiting = effect(() => {
    if (page.value !== 'look') return;
    queueMicrotask(() => {
      stopWaiting();
      void start();
    });
  });
}

async function start(): Promise<void> {
  const link = parameters.peek();
  if (link.size === 0) offerTour();
  const wanted = link.get('backend');
  const device = useBackend(wanted === 'webgpu' || wanted === 'wasm' ? wanted : 'auto');
  try {
    embeddedModels.value = await fetchEmbeddedModels();
  } catch (error) {
    reportProblem(error);
  }
  const parts = restoreSettings(link);
  const [first] = embeddedModels.value;
  const model = embeddedModels.value.find(({ id }) => id === parts.model) ?? first;
  const { picture: sample = model?.pictures[0] } = parts;
  if (sample) void showSample(sample).then(() => useWordsOf(model));
  await device;
  openLinkedModels({ ...parts, model: parts.model ?? first?.id });
  effect(keepSettingsInLink);
  addEventListener('hashchange', followLink);
}

/** Those of the model, where neither the link nor the picture has any. */
function useWordsOf(model: EmbeddedModel | undefined): void {
  if (model && words.value.length === 0 && !wordsAreOwn.value) setWords(model.words);
}

/** A link to another state that was opened in this tab. Links that this page writes itself come without this event. */
function followLink(): void {
  const link = parameters.peek();
  if (page.peek() !== 'look' || link.size === 0) return;
  const parts = restoreSettings(link);
  if (parts.picture && picture.peek()?.sample !== parts.picture) void showSample(parts.picture);
  openLinkedModels(parts);
}

function openLinkedModels({ model, secondModel }: LinkedParts): void {
  for (const [name, id] of [model, secondModel].map((id, i) => [placeNames[i], id] as const)) {
    if (id === undefined || places[name].value.source?.embedded?.id === id) continue;
    const known = embeddedModels.value.find((other) => other.id === id);
    if (known) void openInPlace(name, embeddedSource(known));
    else reportProblem(unknownModel(id, embeddedModels.value));
  }
}

function unknownModel(id: string, known: readonly EmbeddedModel[]): VitrailError {
  const ids = known.map((model) => model.id).join(', ');
  return new VitrailError(
    'unknown-name',
    `the link names the model “${id}”, which is not shipped with this page; there is ${ids}`,
  );
}
