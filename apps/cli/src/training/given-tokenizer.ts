import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { VitrailError } from '@vitrail/core';
import type { Recipe, RunConfiguration } from '@vitrail/recipes';
import { huggingFaceTokenizer, type Tokenizer } from '@vitrail/text';

/** A tokenizer that a user brings, and what a run keeps of where it came from. */
export type GivenTokenizer = { tokenizer: Tokenizer; origin: { file: string; sha256: string } };

/**
 * Reads a `tokenizer.json`, such as `vitrail train-tokenizer` writes.
 *
 * @throws `invalid-argument` for a recipe that trains no text tower, `missing-data` when it cannot be read, `corrupt-data` when it is something else.
 */
export async function readGivenTokenizer(file: string, { name }: Recipe, { text }: RunConfiguration): Promise<GivenTokenizer> {
  if (text === undefined) {
    throw new VitrailError('invalid-argument', `--tokenizer goes with recipes that train a text tower, but ${name} does not`);
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new VitrailError('missing-data', `--tokenizer: ${file} cannot be read (${(cause as Error).message})`, { cause });
  }
  try {
    const tokenizer = huggingFaceTokenizer({ tokenizer: JSON.parse(new TextDecoder().decode(bytes)), maxTokens: text.maxTokens });
    return { tokenizer, origin: { file, sha256: createHash('sha256').update(bytes).digest('hex') } };
  } catch (cause) {
    const why = cause instanceof SyntaxError ? `it is no JSON: ${cause.message}` : (cause as Error).message;
    throw new VitrailError('corrupt-data', `--tokenizer: ${file} is no tokenizer.json that can be used: ${why}`, { cause });
  }
}
