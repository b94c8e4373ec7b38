import { batch } from '@preact/signals';
import { keepInLink, page } from '../route.ts';
import { reportProblem } from '../ui/notice.tsx';
import { type SamplePicture, sampleId } from './embedded-models.ts';
import { backend } from './look-device.ts';
import { embeddedModels, isComparing, type PlaceName, places } from './look-models.ts';
import { picture } from './look-picture.ts';
import {
  chosenGrid,
  opacity,
  ownTemplate,
  readsValues,
  resetSettings,
  separateWords,
  setWords,
  type TemplateKind,
  templateKind,
  templateKinds,
  useOwnTemplate,
  type View,
  view,
  views,
  wordShown,
  words,
  wordsAreOwn,
} from './look-settings.ts';

/** What a link names that has to be opened: the rest is in the settings at once. */
export type LinkedParts = { readonly model?: string; readonly secondModel?: string; readonly picture?: SamplePicture };

/** Puts what differs from a first visit into the link, while this page is shown. Pictures and models of the user's are not in it. */
export function keepSettingsInLink(): void {
  if (page.value !== 'look') return;
  const [first] = embeddedModels.value;
  const { sample } = picture.value ?? {};
  const embeddedIn = (name: PlaceName) => places[name].value.source?.embedded?.id;
  const shown = places.a.value.source?.embedded ?? first;
  const isFirst = shown !== undefined && sample !== undefined && sampleId(sample) === sampleId(shown.pictures[0]);
  const kind = templateKind.value;
  keepInLink({
    picture: sample && !isFirst ? sampleId(sample) : undefined,
    words: wordsAreOwn.value ? words.value.join(',') : undefined,
    model: embeddedIn('a') === first?.id ? undefined : embeddedIn('a'),
    second: isComparing.value ? embeddedIn('b') : undefined,
    patches: chosenGrid.value?.toString(),
    readout: readsValues.value ? undefined : 'tokens',
    templates: kind === 'plain' ? undefined : kind,
    template: kind === 'own' ? ownTemplate.value : undefined,
    view: view.value === 'segmentation' ? undefined : view.value,
    word: view.value === 'heat-map' ? words.value[wordShown.value] : undefined,
    opacity: opacity.value === 0.6 ? undefined : opacity.value.toFixed(2),
    backend: backend.value === 'auto' ? undefined : backend.value,
  });
}

/** Takes the settings of a link over, those it does not name as on a first visit; what it says wrongly is said to the user and left as it is. */
export function restoreSettings(link: URLSearchParams): LinkedParts {
  const trying = (setting: () => void) => {
    try {
      setting();
    } catch (error) {
      reportProblem(error);
    }
  };
  const given = (name: string, use: (value: string) => void) => {
    const value = link.get(name);
    if (value !== null) trying(() => use(value));
  };
  return batch(() => {
    resetSettings();
    given('words', (value) => {
      setWords(separateWords(value));
      wordsAreOwn.value = true;
    });
    given('patches', (value) => {
      const count = Number(value);
      if (Number.isInteger(count) && count > 0) chosenGrid.value = count;
    });
    given('readout', (value) => {
      readsValues.value = value !== 'tokens';
    });
    given('template', useOwnTemplate);
    given('templates', (value) => {
      if (templateKinds.includes(value as TemplateKind)) templateKind.value = value as TemplateKind;
    });
    given('view', (value) => {
      if (views.includes(value as View)) view.value = value as View;
    });
    given('word', (value) => {
      wordShown.value = Math.max(0, words.value.indexOf(value));
    });
    given('opacity', (value) => {
      const share = Number(value);
      if (share >= 0 && share <= 1) opacity.value = share;
    });
    return {
      model: link.get('model') ?? undefined,
      secondModel: link.get('second') ?? undefined,
      picture: linkedSample(link.get('picture')),
    };
  });
}

/** A sample by its name: any scene, or one of those that models list. */
function linkedSample(id: string | null): SamplePicture | undefined {
  const scene = /^scene-(\d{1,4})$/.exec(id ?? '');
  if (scene !== null) return { scene: Number(scene[1]) };
  return embeddedModels.value.flatMap(({ pictures }) => pictures).find((sample) => sampleId(sample) === id);
}
