import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);
const [teacher, moved, other, begun, empty] = ['teacher', 'moved', 'other', 'begun', 'empty'].map(at);

/** A tiny run of a recipe; `without`: sections of settings that it has not. */
function pretrain(recipe: string, out: string, without: readonly string[], set: readonly string[], ...more: readonly string[]) {
  const all = tinyPretrain(at(out), { steps: 4, set });
  const argv = all.map((arg) => (arg === 'tipsv2' ? recipe : arg));
  return vitrail(...argv.filter((arg) => !without.some((start) => arg.startsWith(start))), ...['--backend', 'wasm', ...more]);
}

const withoutTexts = ['heads.', 'text.', 'image.positionGrid', 'views.localSize'];
const uta = (out: string, set: readonly string[], ...more: readonly string[]) => pretrain('uta', out, withoutTexts, set, ...more);
const distill = (set: readonly string[]) => pretrain('distill', 'refused', ['heads.prototypes'], set);
const tune = (set: readonly string[]) => pretrain('uta-contrastive', 'refused', [...withoutTexts, 'image.'], set);

beforeAll(async () => {
  const runs = [
    await pretrain('tipsv2', 'teacher', [], []),
    await pretrain('tipsv2', 'other', [], [], '--seed', '1'),
    await pretrain('clip-rocket', 'rocket', ['heads.'], ['rocket.hidden=16', 'rocket.outputs=16']),
    await uta('student', [`teacher.model=${teacher}`]),
  ];
  for (const { status, stderr } of runs) expect(status, stderr).toBe(0);
  cpSync(teacher, moved, { recursive: true });
  mkdirSync(join(begun, 'checkpoints'), { recursive: true });
  mkdirSync(empty);
});

describe('--resume of a run that learns from another model', () => {
  it('writes down the weights that it learned from', () => {
    const path = join(teacher, 'checkpoints', 'step-000004');
    expect(readJson(at('student'), 'config.json').learnedFrom).toEqual({ path, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('goes on with the same weights, wherever they lie now', async () => {
    const { status, stderr } = await uta('student', [`teacher.model=${moved}`], '--resume');
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('nothing to do');
  });

  it('refuses others in the same place: half of the run would have another goal', async () => {
    const place = at('place');
    cpSync(teacher, place, { recursive: true });
    expect((await uta('pupil', [`teacher.model=${place}`])).status).toBe(0);
    cpSync(other, place, { recursive: true });
    const { status, stderr } = await uta('pupil', [`teacher.model=${place}`], '--resume');
    expect(status).toBe(2);
    expect(stderr).toMatch(/teacher\.model: \S*place\S* does not hold the weights that the run in \S*pupil has learned from/);
    expect(stderr).toContain('or start a new run in another directory (--out)');
  });
});

describe('what does not fit is said before a run has a directory', () => {
  it.each([
    ['a teacher that is not there', () => uta('refused', ['teacher.model=none']), 'teacher.model: there is no none'],
    [
      'a run that has no checkpoint yet',
      () => uta('refused', [`teacher.model=${begun}`]),
      'begun holds no complete checkpoint (is begun a run that has just begun?)',
    ],
    [
      'a folder without a model',
      () => uta('refused', [`teacher.model=${empty}`]),
      `teacher.model: ${empty}: a model has its weights`,
    ],
    [
      'a teacher of another grid',
      () => uta('refused', [`teacher.model=${teacher}`, 'image.patchSize=4']),
      'teacher.grid=resample',
    ],
    [
      'heads of another width',
      () => distill([`teacher.model=${teacher}`, 'heads.initialization=teacher', 'heads.hidden=16']),
      'set heads.initialization=fresh',
    ],
    [
      'a teacher whose texts cannot go along',
      () => uta('refused', [`teacher.model=${at('rocket')}`]),
      'the teacher (vitrail (clip-rocket)) compares pictures and texts behind projectors',
    ],
    ['no teacher', () => distill([]), '--set teacher.model=runs/NAME'],
    ['no start', () => tune([]), '--set start.model=runs/NAME'],
    ['a start that is not there', () => tune(['start.model=none']), 'start.model: there is no none'],
    [
      'a start of another size',
      () => tune([`start.model=${teacher}`, 'views.globalSize=32']),
      'start.model was made for 16 pixels, but views.globalSize is 32: set it to 16',
    ],
    ['a start of another kind', () => tune([`start.model=${at('rocket')}`]), 'start.model is a run of uta'],
  ])('%s', async (_, run, message) => {
    const { status, stderr } = await run();
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
    expect(existsSync(at('refused'))).toBe(false);
  });
});

it('names the option that was typed', async () => {
  const { stderr } = await vitrail('adapt', '--checkpoint', 'none', '--data', 'scenes', '--method', 'lora', '--backend', 'wasm');
  expect(stderr).toContain('vitrail: --checkpoint: there is no none');
});
