/** Prints where @vitrail/text repairs a text otherwise than ftfy or gives other ids than OpenCLIP, for the file that `mojibake.py` wrote. */
import { readFileSync } from 'node:fs';
import { clipTokenizer } from '../../packages/text/src/clip-tokenizer.ts';
import { textRepairer } from '../../packages/text/src/repair-text.ts';
import { clipMerges } from '../../packages/text/test/clip-merges.ts';

type Row = [text: string, repaired: string, ids: number[] | null];

const rows: Row[] = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const repair = textRepairer();
const clip = clipTokenizer({ merges: clipMerges() });
const differing = rows.filter(
  ([text, repaired, ids]) => repair(text) !== repaired || (ids !== null && String(clip.encode(text)) !== String(ids)),
);
for (const [text, repaired, ids] of differing.slice(0, 20))
  console.log(JSON.stringify({ text, repaired, ours: repair(text), ids, ourIds: clip.encode(text) }));
console.log(`${differing.length} of ${rows.length} differ`);
