import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The merges of CLIP's tokenizer, in the order of their rank. */
export function clipMerges(): string[] {
  return gunzipSync(readFileSync(new URL('../fixtures/clip-merges.txt.gz', import.meta.url)))
    .toString()
    .split('\n');
}
