import { describe, expect, it } from 'vitest';
import { compareRows } from './compare-rows.ts';
import type { Row } from './row.ts';
import { formatTables } from './table.ts';
import { gemm } from './workloads/gemm.ts';
import { vitSize, vitStep } from './workloads/vit-step.ts';

const product = gemm({ name: 'gemm', title: 'y = x k', a: [8, 4], b: [4, 2], sizes: [8, 4, 2] });
const whole = vitStep(vitSize, { name: 'drop/0', dropped: 0 });
const half = vitStep(vitSize, { name: 'drop/0.5', dropped: 0.5, baseline: 'drop/0' });

function row(given: Partial<Row>): Row {
  return { workload: product.name, engine: 'vitrail', threads: 1, medianMs: 10, minMs: 9, rounds: 5, version: '', ...given };
}

/** Cells of a table of one group, by column, without the line below the titles. */
function cellsOf(text: string): Record<string, string[]> {
  const [head, , ...body] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return Object.fromEntries(head.map((title, i) => [title, body.map((cells) => cells[i])]));
}

describe('formatTables', () => {
  it('sets times against vitrail with as many threads, or with one where there is none', () => {
    const rows = [
      row({}),
      row({ threads: 2, medianMs: 5 }),
      row({ engine: 'torch', threads: 2, medianMs: 4 }),
      row({ engine: 'jax', threads: 4, medianMs: 4 }),
    ];
    expect(cellsOf(formatTables(rows, [product]))['time / vitrail']).toEqual(['1.00', '1.00', '0.80', '0.40']);
  });

  it('says below the table why an engine failed, once', () => {
    const failed = row({ engine: 'torch', medianMs: null, minMs: null, rounds: 0, error: 'No module named torch' });
    const text = formatTables([row({}), failed, { ...failed, threads: 2 }], [product]);
    const cells = cellsOf(text);
    expect(cells['median ms']).toEqual(['10.0', 'failed', 'failed']);
    expect(cells['time / vitrail']).toEqual(['1.00', '', '']);
    expect(text.match(/^- torch failed: No module named torch$/gm)).toHaveLength(1);
  });

  it('shows who computes something else, and leaves out columns without anything', () => {
    const cells = cellsOf(
      formatTables([row({}), row({ engine: 'a', difference: 9e-4 }), row({ engine: 'b', difference: 2e-3 })], [product]),
    );
    expect(cells['same result']).toEqual(['', 'yes', 'NO, differs by 0.0020']);
    expect(Object.keys(cells)).toEqual(['engine', 'threads', 'median ms', 'min ms', 'rounds', 'time / vitrail', 'same result']);
  });

  it('has one table per group, with the workload in a column where there are several', () => {
    const rows = [row({}), row({ workload: whole.name }), row({ workload: half.name })];
    const text = formatTables(rows, [product, whole, half]);
    expect(text.match(/^### .*$/gm)).toEqual(['### gemm', '### drop']);
    expect(cellsOf(text.slice(text.indexOf('### drop'))).workload).toEqual(['drop/0', 'drop/0.5']);
    expect(text).toContain('baseline: drop/0');
  });
});

describe('compareRows', () => {
  it('takes the peak of the same workload and threads, and the baseline of the same engine and threads', () => {
    const rows = [
      row({ engine: 'peak', medianMs: 6 }),
      row({ engine: 'peak', threads: 2, medianMs: 3 }),
      row({ threads: 2, medianMs: 4 }),
      row({ workload: whole.name, medianMs: 100 }),
      row({ workload: whole.name, engine: 'torch', medianMs: 50 }),
      row({ workload: half.name, engine: 'torch', medianMs: 30 }),
      row({ workload: half.name, engine: 'jax', medianMs: 30 }),
    ];
    const compared = compareRows(rows, [product, whole, half]);
    expect(compared.map(({ ofPeak }) => ofPeak)).toEqual([undefined, undefined, 0.75, ...Array(4).fill(undefined)]);
    expect(compared.map(({ ofBaseline }) => ofBaseline)).toEqual([...Array(5).fill(undefined), 0.6, undefined]);
  });

  it('compares nothing with what failed', () => {
    const failed = { medianMs: null, minMs: null, rounds: 0, error: 'gone' };
    const rows = [row({ engine: 'peak', ...failed }), row({}), row({ engine: 'torch', ...failed })];
    expect(compareRows(rows, [product])).toEqual(rows);
  });
});
