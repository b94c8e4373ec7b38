import { readFileSync } from 'node:fs';
import { type Tensor3D, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import {
  antialiasedPositions,
  bicubicPositions,
  bilinearPositions,
  cornerPositions,
  offsetPositions,
  type PositionResizing,
} from './position-resizing.ts';

/** Of `tools/reference/positions.py`: `table` `[grid, grid, width]` by each code at several grids. */
type Reference = {
  grid: number;
  width: number;
  table: number[];
  resized: { source: string; rows: number; columns: number; values: number[] }[];
};
const file = new URL('../test/fixtures/positions.json', import.meta.url);
const { grid, width, table, resized }: Reference = JSON.parse(readFileSync(file, 'utf8'));

const functions: Record<string, PositionResizing> = {
  'TIPS, scenic': bilinearPositions,
  'TIPS, PyTorch': bilinearPositions,
  'transformers, Tipsv2': bilinearPositions,
  'transformers, CLIP': bicubicPositions,
  'transformers, SigLIP': bicubicPositions,
  'transformers, DINOv2': bicubicPositions,
  'transformers, DINOv2 with registers': antialiasedPositions,
  DINOv2: offsetPositions,
  'DINOv2 with registers': antialiasedPositions,
  open_clip: antialiasedPositions,
  timm: antialiasedPositions,
  'EVA-CLIP': bicubicPositions,
  big_vision: cornerPositions,
};

it('knows the function of every source', () => {
  expect([...new Set(resized.map(({ source }) => source))]).toEqual(Object.keys(functions));
});

onBackend(['cpu', 'wasm'], () => {
  it.each(resized)('$source, to $rows x $columns', ({ source, rows, columns, values }) => {
    tidy(() => {
      const positions = functions[source](tensor3d(table, [grid, grid, width]), { rows, columns });
      expect(positions.shape).toEqual([rows * columns, width]);
      expectClose(positions, values, 5e-6);
    });
  });
});

describe.each(Object.entries({ offsetPositions, cornerPositions }))('%s', (_, resize) => {
  onBackend(['cpu'], () => {
    it('has the gradient of finite differences, and leaves nothing behind', () => {
      tidy(() => {
        const positions = sampleTensor([3, 3, 2]) as Tensor3D;
        for (const size of [
          { rows: 2, columns: 5 },
          { rows: 3, columns: 1 },
          { rows: 3, columns: 3 },
        ]) {
          expectGradient((x) => resize(x as Tensor3D, size), [positions]);
          expectNoLeak(() => [resize(positions, size)]);
        }
      });
    });
  });
});
