import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A JSON file of a run. */
export function readJson(directory: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(directory, name), 'utf8'));
}

/** The rows of `metrics.jsonl`, without the one number that no two runs share. */
export function readMetrics(directory: string): Record<string, unknown>[] {
  const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { imagesPerSecond: _, ...row } = JSON.parse(line);
    return row;
  });
}

/** A file of the newest checkpoint. */
export function readLatest(directory: string, name: string): Buffer {
  const latest = readFileSync(join(directory, 'checkpoints', 'latest'), 'utf8').trim();
  return readFileSync(join(directory, 'checkpoints', latest, name));
}
