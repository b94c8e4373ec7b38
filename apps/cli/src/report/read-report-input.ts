import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import type { MetricRow, ReportInput, ReportPictures, ReportProfile, RunSummary } from './report-input.ts';

/**
 * Reads what a report shows from a run directory: `config.json` and `metrics.jsonl` (its last line may be half written), and, where the run
 * has them, `summary.json`, `pictures.json` and `profile.json`. A run that has not ended has no summary: its status is `unfinished`, its steps those of the
 * last row.
 *
 * @throws `missing-data` when the folder is no run, saying which file is not there; `corrupt-data` when a file does not hold what it should,
 * saying where; `io` when reading fails otherwise.
 */
export async function readReportInput(runDirectory: string): Promise<ReportInput> {
  const [config, metrics, summary, pictures, profile] = await Promise.all(
    ['config.json', 'metrics.jsonl', 'summary.json', 'pictures.json', 'profile.json'].map((name) =>
      readIfThere(join(runDirectory, name)),
    ),
  );
  if (config === undefined || (metrics === undefined && summary === undefined)) {
    const missing = config === undefined ? 'config.json' : 'metrics.jsonl and no summary.json';
    throw new VitrailError(
      'missing-data',
      `${runDirectory} is not a run directory: it has no ${missing}. Pass the folder given to --out`,
    );
  }
  const rows = parseMetrics(metrics ?? '', join(runDirectory, 'metrics.jsonl'));
  return {
    config: parseJson(config, join(runDirectory, 'config.json')),
    metrics: rows,
    summary: summary === undefined ? unfinished(rows) : parseSummary(summary, join(runDirectory, 'summary.json')),
    ...(pictures !== undefined && { pictures: parsePictures(pictures, join(runDirectory, 'pictures.json')) }),
    ...(profile !== undefined && { profile: parseProfile(profile, join(runDirectory, 'profile.json')) }),
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new VitrailError('io', `cannot read ${path}: ${message}`, { cause: error });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new VitrailError('corrupt-data', `${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Rows of `metrics.jsonl`. A last line without its line break, of a run that was killed or is still writing, is left out if it is cut. */
function parseMetrics(text: string, path: string): MetricRow[] {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      if (i === lines.length - 1) return [];
      throw new VitrailError('corrupt-data', `${path}, line ${i + 1}, is not JSON: ${(error as Error).message}`, {
        cause: error,
      });
    }
    if (!isRecord(row) || typeof row.step !== 'number' || typeof row.split !== 'string') {
      throw new VitrailError(
        'corrupt-data',
        `${path}, line ${i + 1}: expected an object with a step (number) and a split (text), got ${line}`,
      );
    }
    return [row as MetricRow];
  });
}

function parseSummary(text: string, path: string): RunSummary {
  const summary = parseJson(text, path);
  if (!isRecord(summary) || typeof summary.status !== 'string' || typeof summary.steps !== 'number') {
    throw new VitrailError('corrupt-data', `${path}: expected an object with a status (text) and steps (number)`);
  }
  return summary as RunSummary;
}

function parsePictures(text: string, path: string): ReportPictures {
  const pictures = parseJson(text, path);
  const lists = ['classes', 'segmentation', 'retrieval'];
  if (!isRecord(pictures) || !lists.every((name) => Array.isArray(pictures[name]))) {
    throw new VitrailError('corrupt-data', `${path}: expected an object with the lists ${lists.join(', ')}`);
  }
  return pictures as ReportPictures;
}

function parseProfile(text: string, path: string): ReportProfile {
  const profile = parseJson(text, path);
  if (!isRecord(profile) || typeof profile.steps !== 'number' || !Array.isArray(profile.kernels)) {
    throw new VitrailError('corrupt-data', `${path}: expected an object with steps (number) and the list kernels`);
  }
  return profile as ReportProfile;
}

function unfinished(rows: readonly MetricRow[]): RunSummary {
  return { status: 'unfinished', steps: rows.reduce((steps, { step }) => Math.max(steps, step), 0) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
