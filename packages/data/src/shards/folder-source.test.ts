import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { flat, png } from '../../test/pictures.ts';
import { decodeWithSharp } from '../images/decode-with-sharp.ts';
import { folderSource } from './folder-source.ts';
import { blobReader } from './range-reader.ts';

const file = (path: string, content: string | Uint8Array) => ({
  path,
  reader: blobReader(new Blob([typeof content === 'string' ? content : new Uint8Array(content)])),
});
const red = () => png(flat(4, 3, [255, 0, 0]));
const open = (files: Parameters<typeof folderSource>[1]) => folderSource('holidays', files, { decode: decodeWithSharp });

it('reads pictures with the texts beside them, in the order of their paths', async () => {
  const source = open([
    file('holidays/b.png', await red()),
    file('holidays/sub/a.PNG', await red()),
    file('holidays/b.txt', 'a red flag'),
    file('holidays/b.json', '{"long":"a red flag over a beach"}'),
    file('holidays/sub/Thumbs.db', 'something else'),
    file('holidays/lonely.txt', 'no picture of this'),
  ]);
  expect(source.size).toBe(2);
  expect(source.description).toBe('2 pictures of holidays');
  const first = await source.read(0);
  expect(first).toMatchObject({ key: 'holidays/b', captions: { alt: 'a red flag', long: 'a red flag over a beach' } });
  expect([first.image.width, first.image.height, ...first.image.data.slice(0, 3)]).toEqual([4, 3, 255, 0, 0]);
  expect(await source.read(1)).toMatchObject({ key: 'holidays/sub/a', captions: {} });
  expect(source.warnings).toEqual([expect.stringContaining('lonely')]);
  await expectError(() => source.read(2), 'invalid-argument', /from 0 to 1/);
  await source.close();
});

it('names the file that is damaged', async () => {
  const source = open([file('a.png', 'not a picture'), file('b.png', await red()), file('b.json', '[')]);
  await expectError(() => source.read(0), 'corrupt-data', /^a\.png: /);
  await expectError(() => source.read(1), 'corrupt-data', /^b\.json: not JSON/);
});

it('says that a folder has no pictures', async () => {
  await expectError(
    () => open([file('notes.txt', 'x'), file('a.gif', 'x')]),
    'missing-data',
    /no picture .* 2 files of holidays/,
  );
});
