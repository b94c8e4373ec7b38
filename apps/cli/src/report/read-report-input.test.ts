import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isVitrailError } from '@vitrail/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readReportInput } from './read-report-input.ts';
import { writeReport } from './write-report.ts';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'vitrail-report-'));
});
afterEach(() => rm(run, { recursive: true }));

async function files(contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) await writeFile(join(run, name), content);
}

const code = (expected: string, mention: RegExp) =>
  expect.toSatisfy((error: unknown) => isVitrailError(error) && error.code === expected && mention.test(error.message));

const row = '{"step":10,"split":"train","loss":3.2}';

test('a run that was killed while writing is read up to its last whole row', async () => {
  await files({ 'config.json': '{"recipe":"clip"}', 'metrics.jsonl': `${row}\n{"step":20,"split":"train","lo` });
  expect(await readReportInput(run)).toEqual({
    config: { recipe: 'clip' },
    metrics: [{ step: 10, split: 'train', loss: 3.2 }],
    summary: { status: 'unfinished', steps: 10 },
  });
});

test('a folder that is no run says what is missing', async () => {
  await expect(readReportInput(join(run, 'nowhere'))).rejects.toThrow(code('missing-data', /no config\.json/));
  await files({ 'config.json': '{}' });
  await expect(readReportInput(run)).rejects.toThrow(code('missing-data', /metrics\.jsonl and no summary\.json/));
});

test.each([
  ['metrics.jsonl', `${row}\n{"step":\n${row}\n`, /line 2/],
  ['metrics.jsonl', `${row}\n[1]\n`, /line 2/],
  ['config.json', '{', /config\.json/],
  ['summary.json', '{"steps":1}', /status/],
  ['pictures.json', '{"classes":[]}', /segmentation/],
])('a damaged %s is an error that says where', async (name, content, mention) => {
  await files({ 'config.json': '{}', 'metrics.jsonl': row, [name]: content });
  await expect(readReportInput(run)).rejects.toThrow(code('corrupt-data', mention));
});

test('the report is written in one piece and replaces the one before', async () => {
  await files({
    'config.json': '{"recipe":"tipsv2","preset":"tiny"}',
    'metrics.jsonl': `${row}\n`,
    'summary.json': '{"status":"completed","steps":10}',
    'pictures.json': '{"classes":[],"segmentation":[],"retrieval":[]}',
    'report.html': 'old',
  });
  expect(await writeReport(run)).toBe(join(run, 'report.html'));
  expect(await readFile(join(run, 'report.html'), 'utf8')).toContain('<h1>tipsv2:tiny');
  expect((await readdir(run)).filter((name) => name.includes('tmp'))).toEqual([]);
});
