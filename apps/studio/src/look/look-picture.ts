import { signal } from '@preact/signals';
import { openPictureDesk } from '../pictures/open-picture-desk.ts';
import type { Picture } from '../pictures/picture-desk.ts';
import { reportProblem } from '../ui/notice.tsx';
import { type SamplePicture, sampleId } from './embedded-models.ts';
import { pickedPlace, setWords, wordsAreOwn } from './look-settings.ts';

/** The picture that is looked at. */
export type ShownPicture = Picture & {
  /** Another one for every picture. */
  readonly id: string;
  readonly title: string;
  /** None for a picture of the user's. */
  readonly sample?: SamplePicture;
};

export const picture = signal<ShownPicture | undefined>(undefined);

/** Side of scenes, in pixels: as large as most screens show them. */
const SCENE_SIDE = 512;

let opened = 0;

/** Shows a sample picture, and looks for what is in it unless the user has words of their own. */
export async function showSample(sample: SamplePicture): Promise<void> {
  await show(async () => {
    const id = sampleId(sample);
    if ('scene' in sample) {
      const { words, ...scene } = await openPictureDesk().scene(sample.scene, SCENE_SIDE);
      return { shown: { ...scene, id, title: `Scene ${sample.scene}`, sample }, words };
    }
    const response = await fetch(new URL(`pictures/${sample.file}`, document.baseURI));
    const decoded = await openPictureDesk().decode(await response.blob(), sample.file);
    return { shown: { ...decoded, id, title: sample.title, sample }, words: sample.words };
  });
}

/** Shows a picture of the user's; the one before stays if this is none. */
export async function showFile(file: Blob, name: string): Promise<void> {
  await show(async () => {
    const decoded = await openPictureDesk().decode(file, name);
    return { shown: { ...decoded, id: `${name}#${opened}`, title: name } };
  });
}

/** The last picture that was asked for wins, whichever is opened first. */
async function show(open: () => Promise<{ shown: ShownPicture; words?: readonly string[] }>): Promise<void> {
  opened += 1;
  const turn = opened;
  try {
    const { shown, words } = await open();
    if (turn !== opened) return;
    picture.value = shown;
    pickedPlace.value = undefined;
    if (words !== undefined && !wordsAreOwn.value) setWords(words);
  } catch (error) {
    if (turn === opened) reportProblem(error);
  }
}
