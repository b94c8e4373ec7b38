// Writes the sample mosaics of the studio: pictures of test tiles that the model of mosaics has never seen, and prints their entries for
// public/models/models.json.
//
//   node apps/studio/tools/make-mosaics.mjs 'cifar10/test-*.tar'
import { writeFile } from 'node:fs/promises';
import { openSource } from '@vitrail/data/node';
import sharp from 'sharp';

const [shards] = process.argv.slice(2);
const source = await openSource(`mosaic:${shards}?grid=2&tileSize=32&seed=1`);
const entries = [];
// Mosaics of four different classes.
for (let index = 0; entries.length < 6; index++) {
  const { image, labels } = await source.read(index);
  const { width, height, data } = image;
  const words = [...new Set(labels.data)].map((label) => source.classNames[label]);
  if (words.length < 4) continue;
  const file = `mosaic-${entries.length + 1}.png`;
  await writeFile(
    new URL(`../public/pictures/${file}`, import.meta.url),
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
  );
  entries.push({ file, title: words.join(', '), words });
}
await source.close();
console.log(JSON.stringify(entries, null, 2));
