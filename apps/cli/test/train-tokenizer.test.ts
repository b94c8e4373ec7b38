import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { huggingFaceTokenizer, tokenizerFromJSON } from '@vitrail/text';
import { expect, it } from 'vitest';
import { readJson, readLatest } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { captionedMembers, writeShard } from './shards.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();

it('learns from captions of all granularities, names damaged samples, and tells what it made', async () => {
  const shards = join(folder, 'shards');
  const members = await captionedMembers(20);
  await writeShard(shards, 'a.tar', { ...members, '99999.jpg': 'no picture', '99999.txt': 'a zebra' });
  const out = join(folder, 'deep', 'tokenizer.json');
  const argv = [
    'train-tokenizer',
    '--data',
    join(shards, '*.tar'),
    '--vocab',
    '400',
    '--out',
    out,
    '--max-tokens',
    '4',
    '--json',
  ];
  const { status, stdout, stderr } = await vitrail(...argv);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/left out: .*99999/);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ file: out, badSamples: 1 });
  expect(result.tokensPerCaption.longest).toBeGreaterThan(4);
  expect(result.cutCaptions).toBeGreaterThan(0);
  const file = JSON.parse(readFileSync(out, 'utf8'));
  expect(file.truncation).toEqual({ direction: 'Right', max_length: 4, strategy: 'LongestFirst', stride: 0 });
  const tokenizer = huggingFaceTokenizer({ tokenizer: file, maxTokens: 100 });
  expect(tokenizer.vocabularySize).toBe(result.vocabularySize);
  // "picture" is in the short captions alone, "stripes" in the long ones: both are common enough to be single tokens.
  for (const word of [' picture', ' stripes']) expect(tokenizer.encode(word)).toHaveLength(1);
});

it('trains with the file, whose tokenizer goes into the model, and goes on only with the same', async () => {
  const file = join(folder, 'tokenizer.json');
  const data = 'scenes?count=64&size=16';
  expect((await vitrail('train-tokenizer', '--data', data, '--vocab', '300', '--out', file)).status).toBe(0);
  const out = join(folder, 'run');
  const argv = [...tinyPretrain(out, { data }), '--backend', 'wasm', '--tokenizer', file];
  const { status, stderr } = await vitrail(...argv);
  expect(status, stderr).toBe(0);
  const { text } = readJson(out, 'config.json') as { text: { vocabularySize: number } };
  expect(text.vocabularySize).toBe(300);
  const { metadata } = decodeSafetensors(readLatest(out, 'model.safetensors'));
  const description = JSON.parse(metadata['vitrail.model']);
  expect(tokenizerFromJSON(description.tokenizer).vocabularySize).toBe(300);

  const other = join(folder, 'other.json');
  expect((await vitrail('train-tokenizer', '--data', data, '--vocab', '290', '--out', other)).status).toBe(0);
  const resumed = await vitrail(...argv.slice(0, -1), other, '--resume');
  expect(resumed.status).not.toBe(0);
  expect(resumed.stderr).toContain('tokenizer');
});

it.each<[what: string, argv: string[], status: number, answer: string]>([
  [
    'too small a vocabulary',
    ['--data', 'scenes', '--vocab', '200'],
    2,
    '--vocab is a whole number of at least 257, but 200 came',
  ],
  ['no tokens', ['--data', 'scenes', '--vocab', '300', '--max-tokens', '0'], 2, '--max-tokens is a whole number of at least 1'],
  ['data that is not there', ['--data', 'nowhere/*.tar', '--vocab', '300'], 1, 'nowhere/*.tar'],
  ['no vocabulary', ['--data', 'scenes'], 2, "required option '--vocab <n>' not specified"],
])('refuses %s and writes nothing', async (_, argv, status, answer) => {
  const out = join(folder, 'none.json');
  const ending = await vitrail('train-tokenizer', ...argv, '--out', out);
  expect(ending.status).toBe(status);
  expect(ending.stderr).toContain(answer);
  expect(existsSync(out)).toBe(false);
});

it('refuses a tokenizer that is none before anything is touched', async () => {
  const out = join(folder, 'untouched');
  const file = join(folder, 'broken.json');
  writeFileSync(file, '{"a":0}');
  const broken = await vitrail(...tinyPretrain(out), '--tokenizer', file);
  expect(broken.status).toBe(1);
  expect(broken.stderr).toContain('it looks like vocab.json');
  expect((await vitrail(...tinyPretrain(out), '--tokenizer', join(folder, 'missing.json'))).stderr).toContain('cannot be read');
  expect(existsSync(out)).toBe(false);
});
