import { effect } from '@preact/signals';
import { VitrailError } from '@vitrail/core';
import { page, parameters } from '../route.ts';
import { reportProblem } from '../ui/notice.tsx';
import { type EmbeddedModel, fetchEmbeddedModels } from './embedded-models.ts';
import { useBackend } from './look-device.ts';
import { keepSettingsInLink, type LinkedParts, restoreSettings } from './look-link.ts';
import { closeSecond, embeddedModels, embeddedSource, openInPlace, placeNames, places } from './look-models.ts';
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
  const parts = withFirst(restoreSettings(link));
  showLinkedPicture(parts);
  await device;
  openLinkedModels(parts);
  effect(keepSettingsInLink);
  addEventListener('hashchange', followLink);
}

/** A link to another state that was opened in this tab. Links that this page writes itself come without this event. */
function followLink(): void {
  const link = parameters.peek();
  if (page.peek() !== 'look' || link.size === 0) return;
  const parts = restoreSettings(link);
  // Models and pictures of the user's are in no link, so that one without any may mean them.
  const isOwn = { model: places.a.peek().source?.embedded === undefined, picture: picture.peek()?.sample === undefined };
  const { model, picture: sample } = withFirst(parts);
  showLinkedPicture({ ...parts, model, picture: isOwn.picture ? parts.picture : sample });
  openLinkedModels({ ...parts, model: isOwn.model ? parts.model : model });
  if (parts.secondModel === undefined && places.b.peek().source?.embedded !== undefined) void closeSecond();
}

/** The first model and its first picture, where a link names none. */
function withFirst(parts: LinkedParts): LinkedParts {
  const { model = embeddedModels.value[0]?.id } = parts;
  const { picture: sample = modelById(model)?.pictures[0] } = parts;
  return { ...parts, model, picture: sample };
}

/** With the words of the model, where neither the link nor the picture has any. */
function showLinkedPicture({ model, picture: sample }: LinkedParts): void {
  if (sample === undefined) return;
  void showSample(sample).then(() => {
    const known = modelById(model);
    if (known && words.value.length === 0 && !wordsAreOwn.value) setWords(known.words);
  });
}

function modelById(id: string | undefined): EmbeddedModel | undefined {
  return embeddedModels.value.find((model) => model.id === id);
}

function openLinkedModels({ model, secondModel }: LinkedParts): void {
  for (const [name, id] of [model, secondModel].map((id, i) => [placeNames[i], id] as const)) {
    if (id === undefined || places[name].value.source?.embedded?.id === id) continue;
    const known = modelById(id);
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
