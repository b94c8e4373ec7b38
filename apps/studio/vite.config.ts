import { defaultClientConditions, defineConfig } from 'vite';
import { contentSecurityPolicy } from './content-security-policy.ts';

/** What lets workers of a page share memory, and so WebAssembly have threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Paths are relative, so that the build can be hosted in any folder. Packages of the repository are read from their sources. */
export default defineConfig({
  base: './',
  resolve: { conditions: ['@vitrail/source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 2000, assetsInlineLimit: 0 },
  plugins: [contentSecurityPolicy()],
  server: { host: '127.0.0.1', headers: isolation },
  preview: { host: '127.0.0.1', headers: isolation },
});
