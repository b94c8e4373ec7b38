import { grad, ones, type Rank, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { resizeBilinear, resizeMatrix } from './resize.ts';

/** Row i, column j is (4i + j)^2 / 10. */
const SQUARES = Float32Array.from({ length: 20 }, (_, i) => (i * i) / 10);

/** `F.interpolate(g, size, mode='bilinear', antialias=True)` of torch 2.15 in float64, g the [1, 1, 5, 4] grid of SQUARES. */
const TORCH: [size: [number, number], values: number[]][] = [
  [
    [2, 3],
    [3.033636, 4.213636, 5.673636, 16.313636, 19.413636, 22.793636],
  ],
  [
    [3, 7],
    [
      0.685714, 0.843878, 1.096939, 1.45, 1.831633, 2.313265, 2.614286, 7.111111, 7.718254, 8.689683, 9.761111, 10.861111,
      12.061111, 12.811111, 20.8, 21.856122, 23.545918, 25.335714, 27.154082, 29.072449, 30.271429,
    ],
  ],
  [
    [8, 2],
    [
      0.1, 0.571429, 1.05, 2.071429, 2.607143, 4.414286, 5.964286, 8.557143, 10.321429, 13.7, 15.678571, 19.842857, 22.835714,
      27.785714, 27.985714, 33.485714,
    ],
  ],
  [
    [5, 2],
    [0.1, 0.571429, 2.271429, 4, 7.642857, 10.628571, 16.214286, 20.457143, 27.985714, 33.485714],
  ],
];

it('averages with a triangle as wide as the shrinking, and interpolates when growing', () => {
  // Halving: each output reaches 2 input steps, weights 1/8 3/8 3/8 1/8, cut off and renormalised at the ends.
  expectClose(resizeMatrix(4, 2), [3 / 7, 3 / 7, 1 / 7, 0, 0, 1 / 7, 3 / 7, 3 / 7]);
  expectClose(resizeMatrix(2, 4), [1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]);
  expectClose(resizeMatrix(3, 1), [2 / 7, 3 / 7, 2 / 7]);
});

it('is the identity at its own size, and its rows sum to 1 at any', () => {
  expectClose(resizeMatrix(3, 3), [1, 0, 0, 0, 1, 0, 0, 0, 1], 0);
  for (const [from, to] of [
    [32, 16],
    [32, 7],
    [16, 37],
    [1, 5],
    [5, 1],
  ]) {
    const matrix = resizeMatrix(from, to);
    for (let i = 0; i < to; i++) {
      expect(matrix.subarray(i * from, (i + 1) * from).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    }
  }
});

onBackend(['cpu', 'wasm'], () => {
  it.each(TORCH)('agrees with torch at %s', (size, values) => {
    tidy(() => expectClose(resizeBilinear(tensor4d(SQUARES, [1, 5, 4, 1]), size), values));
  });

  it('leaves the corners where they are when asked to, as torch with align_corners=True', () => {
    const expected: [size: [number, number], values: number[]][] = [
      [
        [3, 7],
        [0, 0.05, 0.1, 0.25, 0.4, 0.65, 0.9, 6.4, 7.25, 8.1, 9.05, 10, 11.05, 12.1, 25.6, 27.25, 28.9, 30.65, 32.4, 34.25, 36.1],
      ],
      [
        [1, 2],
        [0, 0.9],
      ],
    ];
    tidy(() => {
      const grid = tensor4d(SQUARES, [1, 5, 4, 1]);
      for (const [size, values] of expected) expectClose(resizeBilinear(grid, size, { alignCorners: true }), values);
    });
  });

  it('treats every channel and every sample alike', () => {
    tidy(() => {
      const channels = Float32Array.from(
        { length: 120 },
        (_, i) => SQUARES[Math.floor(i / 3) % 20] * (1 + (i % 3)) * (i < 60 ? 1 : -1),
      );
      const values = resizeBilinear(tensor4d(channels, [2, 5, 4, 3]), [2, 3]).dataSync();
      for (const [i, value] of values.entries()) {
        expect(value).toBeCloseTo(TORCH[0][1][Math.floor(i / 3) % 6] * (1 + (i % 3)) * (i < 18 ? 1 : -1), 3);
      }
    });
  });

  it('preserves constants, and everything at the native size', () => {
    tidy(() => {
      expectClose(resizeBilinear(ones([2, 5, 3, 2]), [4, 7]), ones([2, 4, 7, 2]));
      const grid = sampleTensor<Rank.R4>([2, 3, 5, 2]);
      expectClose(resizeBilinear(grid, [3, 5]), grid, 0);
    });
  });

  it('has the gradients of finite differences; at the native size the gradient as it came', () => {
    tidy(() => {
      for (const size of [
        [2, 7],
        [4, 1],
        [9, 3],
      ] as const) {
        expectGradient((grid) => resizeBilinear(grid as Tensor4D, size), [sampleTensor([2, 4, 3, 2])]);
      }
      const dy = sampleTensor([1, 2, 2, 1], 5);
      expectClose(grad((grid) => resizeBilinear(grid as Tensor4D, [2, 2]))(ones([1, 2, 2, 1]), dy), dy);
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const grid = sampleTensor<Rank.R4>([1, 4, 3, 2]);
      expectNoLeak(() => [resizeBilinear(grid, [2, 2])]);
      expectNoLeak(() => [resizeBilinear(grid, [4, 3])]);
    });
  });
});

it('refuses sizes that are none', () => {
  expect(() => resizeMatrix(4, 0)).toThrow('resizeMatrix: lengths are whole numbers of at least 1, but 4 to 0 came');
  expect(() => resizeMatrix(4, 2.5)).toThrow('4 to 2.5 came');
  tidy(() => {
    expect(() => resizeBilinear(ones([4, 4, 2]) as never, [2, 2])).toThrow('resizeBilinear: grid is [B, h, w, C]');
  });
});
