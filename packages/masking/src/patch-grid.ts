import { VitrailError } from '@vitrail/core';

/** Patches of a picture: `rows` of them from top to bottom, `columns` from left to right, numbered row by row. */
export type PatchGrid = { readonly rows: number; readonly columns: number };

/** Throws `invalid-argument` unless the grid has at least one patch. */
export function requireGrid({ rows, columns }: PatchGrid): void {
  if (Number.isSafeInteger(rows) && Number.isSafeInteger(columns) && rows >= 1 && columns >= 1) return;
  throw new VitrailError(
    'invalid-argument',
    `patchMask: a grid has whole numbers of at least 1 for rows and columns, but ${rows} x ${columns} came`,
  );
}
