import { existsSync } from 'node:fs';
import { defineConfig } from 'tsup';

/** One build for every package: each entry beside `src/index.ts` is a sub-path export (`@vitrail/data/node`). */
export default defineConfig({
  entry: ['src/index.ts', 'src/node.ts', 'src/main.ts'].filter((path) => existsSync(path)),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  sourcemap: true,
  clean: true,
  external: [/^@vitrail\//, /^node:/, '@tensorflow/tfjs-core'],
  // tfjs-core keeps its gradients in extension-less ESM that Node cannot import, so the one package that registers them bundles them.
  noExternal: [/^@tensorflow\/tfjs-core\/dist\//],
});
