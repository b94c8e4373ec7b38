import { page } from '../route.ts';
import { reportProblem } from '../ui/notice.tsx';
import { looksLikeModel, readDropped } from './dropped-files.ts';
import { openInPlace, type PlaceName, sourceOf } from './look-models.ts';
import { showFile } from './look-picture.ts';

/**
 * Takes what is dropped anywhere while this page is shown: a model goes into the place that it was dropped on, a picture is looked at.
 *
 * @param onOver whether something is held over the page now
 * @returns what ends it
 */
export function takeDrops(onOver: (isOver: boolean) => void): () => void {
  const over = (event: DragEvent) => {
    if (page.peek() !== 'look') return;
    event.preventDefault();
    onOver(true);
  };
  const leave = ({ relatedTarget }: DragEvent) => {
    if (relatedTarget === null) onOver(false);
  };
  const drop = (event: DragEvent) => {
    if (page.peek() !== 'look') return;
    event.preventDefault();
    onOver(false);
    void openDropped(event).catch(reportProblem);
  };
  addEventListener('dragover', over);
  addEventListener('dragleave', leave);
  addEventListener('drop', drop);
  return () => {
    removeEventListener('dragover', over);
    removeEventListener('dragleave', leave);
    removeEventListener('drop', drop);
  };
}

async function openDropped({ dataTransfer, target }: DragEvent): Promise<void> {
  if (!dataTransfer) return;
  const dropped = await readDropped(dataTransfer);
  const [file] = dropped.files;
  if (looksLikeModel(dropped)) {
    const place = target instanceof Element ? target.closest<HTMLElement>('[data-place]')?.dataset.place : undefined;
    await openInPlace((place ?? 'a') as PlaceName, sourceOf(dropped.files));
  } else if (file) await showFile(file, file.name);
}
