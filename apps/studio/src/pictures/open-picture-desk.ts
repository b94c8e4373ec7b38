import { type Remote, wrap } from 'comlink';
import type { PictureDesk } from './picture-desk.ts';

let desk: Remote<PictureDesk> | undefined;

/** The desk of this page, in a worker of its own: large pictures do not hold up the page, nor what is computed. */
export function openPictureDesk(): Remote<PictureDesk> {
  desk ??= wrap<PictureDesk>(new Worker(new URL('./picture.worker.ts', import.meta.url), { type: 'module', name: 'pictures' }));
  return desk;
}
