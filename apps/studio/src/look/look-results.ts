import { effect, type Signal, signal, untracked } from '@preact/signals';
import type { LookClient } from '../engine/look-client.ts';
import type { Look, LookRequest, ModelCard } from '../engine/look-request.ts';
import { reportProblem } from '../ui/notice.tsx';
import { client } from './look-device.ts';
import { gridOf, openPlaces, type Place, type PlaceName, places } from './look-models.ts';
import { picture, type ShownPicture } from './look-picture.ts';
import { readsValues, templates, words } from './look-settings.ts';

/** What a model made of a picture, with what it was asked. */
export type Result = {
  readonly look: Look;
  readonly request: LookRequest;
  readonly picture: ShownPicture;
  readonly card: ModelCard;
};

export const results: Readonly<Record<PlaceName, Signal<Result | undefined>>> = {
  a: signal(undefined),
  b: signal(undefined),
};
/** Whether an answer is on its way. */
export const isLooking = signal(false);

type Question = {
  readonly place: PlaceName;
  readonly request: LookRequest;
  readonly picture: ShownPicture;
  readonly card: ModelCard;
};

let questions: readonly Question[] = [];
let asking: LookClient | undefined;
let isStale = false;

/** Asks every open model anew as soon as anything changes that its answer depends on. */
effect(() => {
  const shown = picture.value;
  const by = client.value;
  questions = shown === undefined ? [] : openPlaces.value.map((name) => questionOf(name, places[name].value, shown));
  if (by !== undefined && questions.length > 0) untracked(() => void askAll(by));
});

function questionOf(place: PlaceName, { card, ...rest }: Place, shown: ShownPicture): Question {
  const known = card!;
  return {
    place,
    picture: shown,
    card: known,
    request: {
      pictureId: shown.id,
      picture: shown.image,
      size: gridOf({ card, ...rest }) * known.patchSize,
      readout: readsValues.value && known.readouts.includes('value') ? 'value' : 'tokens',
      words: known.encodesTexts ? words.value : [],
      templates: templates.value,
    },
  };
}

/** One request at a time: what changes meanwhile is asked next, and what was asked in between never. */
async function askAll(by: LookClient): Promise<void> {
  isStale = true;
  if (asking === by) return;
  asking = by;
  isLooking.value = true;
  while (isStale && asking === by) {
    isStale = false;
    for (const { place, request, ...about } of questions) {
      if (isStale) break;
      try {
        const look = await by.ask((engine) => engine.look(place, request));
        if (places[place].value.card === about.card) results[place].value = { look, request, ...about };
      } catch (error) {
        if (client.value === by && !isStale) reportProblem(error);
      }
    }
  }
  if (asking !== by) return;
  asking = undefined;
  isLooking.value = false;
}
