import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../test/on-webgpu.ts';
import { Device } from './device.ts';
import { currentWebGpuBackend } from './tfjs-webgpu-backend.ts';
import { tuneProducts } from './tune-products.ts';
import { invocationsOf, standardTuning } from './tuning.ts';

describe('the tuning of products', () => {
  onWebGpu((_, precision) => {
    it('has tiles that fit every device', () => {
      for (const { tile } of standardTuning.tiles) {
        if ('lanes' in tile) continue;
        expect(invocationsOf(tile)).toBeLessThanOrEqual(256);
        // float32 in workgroup memory
        expect(4 * tile.depth * (tile.rows + tile.columns)).toBeLessThanOrEqual(16384);
        // The sums of columns are added up in the memory of a tile.
        expect(tile.rows / tile.threadRows).toBeLessThanOrEqual(tile.depth);
      }
    });

    it('can be measured: every tile has a cost, the fastest 1', async () => {
      if (precision === 'f16') return;
      const device = new Device(currentWebGpuBackend(), precision);
      const candidates = [
        { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 },
        { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 8 },
      ];
      const { tiles } = await tuneProducts(device, { candidates, size: 32, runs: 1 });
      expect(new Set(tiles.map(({ tile }) => tile))).toEqual(new Set(candidates));
      expect(tiles[0].cost).toBe(1);
      expect(tiles[1].cost).toBeGreaterThanOrEqual(1);
    });
  });
});
