// node --conditions=@vitrail/source packages/pretrained/test/write-exported.ts DIR
// writes DIR/VARIANT/FORMAT/..., which tools/reference/pretrained/exported.py reads with the code that each format is for.
import '@tensorflow/tfjs-backend-cpu';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exportFormats, exportModel } from '../src/index.ts';
import { exportedModel, variants } from './exported-model.ts';

const [directory] = process.argv.slice(2);
for (const variant of Object.keys(variants)) {
  for (const format of exportFormats) {
    const { files } = await exportModel(exportedModel(variant), format);
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(directory, variant, format, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    }
  }
}
