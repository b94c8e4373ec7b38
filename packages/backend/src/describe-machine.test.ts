import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { version_core } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeMachine } from './describe-machine.ts';
import { installedVersion } from './installed-version.ts';

describe('describeMachine', () => {
  it('says what Node and the operating system say', async () => {
    const machine = await describeMachine();
    expect(machine.node).toBe(process.versions.node);
    expect(machine.processor.cores).toBe(availableParallelism());
    expect(machine.memory.totalGiB).toBeGreaterThan(machine.memory.freeGiB);
    expect(machine.packages['@tensorflow/tfjs-core']).toBe(version_core);
    expect(machine.backends.cpu.available).toBe(true);
    expect(Object.keys(machine.backends)).toEqual(['webgpu', 'tensorflow', 'wasm', 'cpu']);
  });
});

describe('installedVersion', () => {
  it('reads the version of a package beside the working directory, and of none that is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitrail-'));
    mkdirSync(join(folder, 'node_modules', '@scope', 'thing'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', '@scope', 'thing', 'package.json'), '{"version":"1.2.3"}');
    expect(await installedVersion('@scope/thing', folder)).toBe('1.2.3');
    expect(await installedVersion('@scope/other', folder)).toBeUndefined();
    rmSync(folder, { recursive: true });
  });
});
