import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectBackends } from '@vitrail/backend';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { flattenTree, type Tree } from '@vitrail/core';
import { expectClose, useSoftwareGpu } from '@vitrail/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { pngFile } from '../src/report/png.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';
import { vitrailProcess } from './vitrail-process.ts';

useSoftwareGpu();

const folder = scratchFolder();
const run = join(folder, 'run');
const [webgpu] = await detectBackends();
const suite = webgpu.available ? describe : describe.skip;

suite(`on webgpu${webgpu.available ? '' : `: not tested, ${webgpu.reason}`}`, () => {
  beforeAll(async () => {
    const { status, stderr } = await vitrail(...tinyPretrain(run, { steps: 4 }), '--backend', 'wasm');
    expect(status, stderr).toBe(0);
  });

  it('evaluates to the numbers that wasm gives', async () => {
    const on = async (backend: string) => {
      const argv = ['--model', run, '--data', 'scenes?count=12&size=16&split=test', '--json', '--backend', backend];
      const { status, stdout, stderr } = await vitrail('evaluate', ...argv);
      expect(status, stderr).toBe(0);
      expect(stderr).toContain(`backend: ${backend} (`);
      return flattenTree<number | string>(JSON.parse(stdout) as Tree<number | string>);
    };
    const [expected, actual] = [await on('wasm'), await on('webgpu')];
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    // Of 12 pictures of 256 pixels, a few pixels and patches whose classes are almost equally near may fall to the other one.
    for (const [path, value] of Object.entries(expected)) {
      if (typeof value === 'number') expect(actual[path], path).toBeCloseTo(value, 1);
      else expect(actual[path], path).toBe(value);
    }
  });

  it('embeds as wasm does', async () => {
    const features = async (backend: string) => {
      const out = join(folder, `${backend}.safetensors`);
      const argv = ['--model', run, '--texts', 'a cat', 'red', '--out', out, '--backend', backend];
      const { status, stderr } = await vitrail('embed', ...argv);
      expect(status, stderr).toBe(0);
      return decodeSafetensors(readFileSync(out)).tensors.text.values as Float32Array;
    };
    expectClose(await features('webgpu'), await features('wasm'), 1e-5);
  });

  it('segments a picture', async () => {
    const [image, out] = [join(folder, 'picture.png'), join(folder, 'segments.png')];
    writeFileSync(image, pngFile(new Uint8Array(20 * 30 * 3).fill(90), 20, 30));
    const argv = ['--model', run, '--image', image, '--labels', 'cat,dog', '--out', out, '--backend', 'webgpu', '--json'];
    const { status, stdout, stderr } = await vitrail('segment', ...argv);
    expect(status, stderr).toBe(0);
    const { labels } = JSON.parse(stdout) as { labels: { share: number }[] };
    expect(labels[0].share + labels[1].share).toBeCloseTo(1);
  });

  it('looks for a GPU in silence, and ends by itself', async () => {
    const doctor = await vitrailProcess(['doctor', '--json']);
    expect(doctor).toMatchObject({ status: 0, stderr: '' });
    const { software, features, limits } = JSON.parse(doctor.stdout).webgpu;
    expect(software).toEqual(expect.any(Boolean));
    expect(features['shader-f16']).toMatch(/^(yes|no: )/);
    expect(limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
    const argv = ['embed', '--model', run, '--texts', 'a', '--out', join(folder, 'process.safetensors'), '--backend', 'webgpu'];
    expect(await vitrailProcess(argv)).toMatchObject({ status: 0, signal: null });
  });

  it('refuses what does not fit into a tensor of the device, before the run begins', async () => {
    const out = join(folder, 'large');
    const set = ['heads.prototypes=2000000000'];
    const { status, stderr } = await vitrail(...tinyPretrain(out, { set }), '--backend', 'webgpu');
    expect(status).toBe(2);
    expect(stderr).toMatch(/the prototypes would take .* in one tensor, .* --set heads.prototypes=\d+\n$/);
  });
});
