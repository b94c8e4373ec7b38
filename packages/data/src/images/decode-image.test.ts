import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { gradient, png } from '../../test/pictures.ts';
import { decodeImage } from './decode-image.ts';

it('decodes, and names the file it cannot decode', async () => {
  const picture = gradient(5, 3, 10);
  expect(await decodeImage(await png(picture), 'a.png')).toEqual(picture);
  await expectError(
    () => decodeImage(new TextEncoder().encode('no picture'), 'pets/b.jpg'),
    'corrupt-data',
    /^pets\/b\.jpg: not a picture/,
  );
  await expectError(() => decodeImage(new Uint8Array(), 'c.jpg'), 'corrupt-data', /^c\.jpg: the file is empty/);
});
