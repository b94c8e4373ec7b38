import { defineConfig } from 'vitest/config';

/** Tests run on the sources of every package, so that no build stands between an edit and its test. */
export default defineConfig({
  resolve: { conditions: ['@vitrail/source'] },
  ssr: { resolve: { conditions: ['@vitrail/source'] } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'apps/*/{src,test}/**/*.test.ts', 'tools/**/*.test.ts'],
    setupFiles: ['packages/testing/src/setup.ts'],
    // Shaders and WebAssembly compile on one thread each; by default vitest leaves a core alone.
    maxWorkers: '100%',
    // Drivers in software compile a shader for seconds.
    testTimeout: 180_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@tensorflow\/tfjs-core\/dist\//] } },
  },
});
