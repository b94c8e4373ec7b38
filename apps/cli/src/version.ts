import { readFileSync } from 'node:fs';
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';

/** The versions that a run is written down with. */
export function versions(): { vitrail: string; node: string; tfjs: string } {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const { version } = manifest as { version: string };
  return { vitrail: version, node: process.versions.node, tfjs: tfjsVersion };
}
