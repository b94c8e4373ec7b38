import { pickedPlace } from './look-settings.ts';

/** A grid of patches. */
export type PatchGrid = { readonly rows: number; readonly columns: number };

/** Index of the patch at a place, given as shares of width and height; the one in the middle by default. */
export function patchAt({ rows, columns }: PatchGrid, place = pickedPlace.value ?? { x: 0.5, y: 0.5 }): number {
  const row = Math.min(rows - 1, Math.max(0, Math.floor(place.y * rows)));
  const column = Math.min(columns - 1, Math.max(0, Math.floor(place.x * columns)));
  return row * columns + column;
}

/** Picks a patch by its row and column; beyond an edge, the one at the edge. */
export function pickPatch({ rows, columns }: PatchGrid, row: number, column: number): void {
  const within = (index: number, count: number) => (Math.min(count - 1, Math.max(0, index)) + 0.5) / count;
  pickedPlace.value = { x: within(column, columns), y: within(row, rows) };
}

/** Words by their cosine with a patch, the nearest first. */
export function nearestWords(
  { look, request }: { look: PatchGrid & { readonly cosines: Float32Array }; request: { readonly words: readonly string[] } },
  patch: number,
): { readonly word: string; readonly index: number; readonly cosine: number }[] {
  const count = look.rows * look.columns;
  return request.words
    .map((word, index) => ({ word, index, cosine: look.cosines[index * count + patch] }))
    .sort((a, b) => b.cosine - a.cosine);
}

/** How a cosine is written. */
export function cosineText(cosine: number): string {
  return cosine.toFixed(2).replace('-', '−');
}
