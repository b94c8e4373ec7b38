import { type Rank, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { resizeBicubic } from './resize-bicubic.ts';

/** Element i is i^1.5, `[1, 4, 4, 1]`, and its resizing to 3 x 3 in float64 by PyTorch. */
const POWERS = Float32Array.from({ length: 16 }, (_, i) => i ** 1.5);
const PLAIN = [1.044041, 3.093448, 6.464963, 14.774769, 20.206585, 26.165299, 39.755749, 46.957054, 54.593936];
const ANTIALIASED = [1.378913, 3.659976, 6.926901, 15.638301, 20.778832, 26.365994, 38.68902, 45.528623, 52.713345];

/** `F.interpolate(g, size, mode='bicubic', antialias=antialias)` of torch 2.15 in float64; g is [1, 1, 5, 4], element i is i^2 / 10. */
const SQUARES = Float32Array.from({ length: 20 }, (_, i) => (i * i) / 10);
const TORCH: [size: [number, number], antialias: boolean, values: number[]][] = [
  [[2, 3], false, [0.807809, 1.745313, 3.100409, 18.126682, 21.992188, 26.275286]],
  [[2, 3], true, [1.953951, 3.080269, 4.535893, 16.934606, 20.457243, 24.309186]],
  [
    [3, 7],
    false,
    [
      0.206537, 0.31058, 0.503418, 0.760648, 1.115765, 1.549419, 1.829446, 6.231332, 6.862418, 7.914969, 9.0125, 10.207917,
      11.501285, 12.308355, 22.211682, 23.369812, 25.282076, 27.219907, 29.255625, 31.408706, 32.742819,
    ],
  ],
  [
    [3, 7],
    true,
    [
      0.240381, 0.364216, 0.618593, 0.920385, 1.290282, 1.805731, 2.082119, 6.577702, 7.153505, 8.277237, 9.337558, 10.465985,
      11.85079, 12.579145, 21.102215, 22.129985, 24.123073, 25.941923, 27.828879, 30.08304, 31.263362,
    ],
  ],
  [
    [8, 2],
    false,
    [
      -0.156831, 0.336958, 0.435417, 1.702522, 2.257941, 4.818427, 4.748236, 8.287115, 9.49317, 14.266791, 14.522528, 20.274542,
      22.640559, 29.685954, 27.991792, 35.810503,
    ],
  ],
  [
    [8, 2],
    true,
    [
      -0.088576, 0.354219, 0.61202, 1.663243, 2.365341, 4.465754, 5.408729, 8.422366, 9.702118, 13.628977, 15.245506, 20.085589,
      23.35742, 29.246693, 28.377698, 34.875399,
    ],
  ],
];

onBackend(['cpu', 'wasm'], () => {
  it('shrinks a grid as position tables of CLIP are shrunk, with and without anti-aliasing', () => {
    tidy(() => {
      const grid: Tensor4D = tensor4d(POWERS, [1, 4, 4, 1]);
      expectClose(resizeBicubic(grid, [3, 3]), PLAIN, 1e-6);
      expectClose(resizeBicubic(grid, [3, 3], { antialias: true }), ANTIALIASED, 1e-6);
    });
  });

  it.each(TORCH)('agrees with torch at %s, anti-aliased: %s', (size, antialias, values) => {
    tidy(() => expectClose(resizeBicubic(tensor4d(SQUARES, [1, 5, 4, 1]), size, { antialias }), values, 1e-5));
  });

  it('spaces positions by an offset, as torch given a scale factor, also along an axis whose length stays', () => {
    // F.interpolate(g, scale_factor=(2.1 / 5, 3.1 / 4), mode='bicubic'), then (5.1 / 5, 2.1 / 4), in float64.
    const expected: [size: [number, number], values: number[]][] = [
      [
        [2, 3],
        [0.666985, 1.501437, 2.731662, 15.690807, 19.212168, 23.121588],
      ],
      [
        [5, 2],
        [0.005807, 0.577907, 1.760714, 3.943413, 6.530927, 10.340434, 14.338372, 19.775372, 25.999837, 33.157932],
      ],
    ];
    tidy(() => {
      const grid = tensor4d(SQUARES, [1, 5, 4, 1]);
      for (const [size, values] of expected) expectClose(resizeBicubic(grid, size, { offset: 0.1 }), values, 1e-5);
    });
  });

  it('has the gradient of finite differences, and gives back one tensor', () => {
    const grid = sampleTensor<Rank.R4>([2, 3, 4, 2]);
    for (const antialias of [false, true]) expectGradient((x) => resizeBicubic(x as Tensor4D, [2, 5], { antialias }), [grid]);
    expectNoLeak(() => [resizeBicubic(grid, [5, 2])]);
    grid.dispose();
  });

  it('keeps constants, and a grid of the same size as it is', () => {
    tidy(() => {
      const constant = tensor4d(new Float32Array(12).fill(3), [1, 3, 4, 1]);
      for (const antialias of [false, true]) {
        expectClose(resizeBicubic(constant, [7, 2], { antialias }), new Float32Array(14).fill(3), 1e-6);
        expectClose(resizeBicubic(tensor4d(SQUARES, [1, 5, 4, 1]), [5, 4], { antialias }), SQUARES, 0);
      }
    });
  });
});

it('refuses sizes that are no whole numbers, and an offset below 0', () => {
  tidy(() => {
    const grid = tensor4d(POWERS, [1, 4, 4, 1]);
    expect(() => resizeBicubic(grid, [3, 3], { offset: -0.1 })).toThrow(/an offset is at least 0, but -0.1 came/);
    expect(() => resizeBicubic(tensor4d(POWERS, [1, 4, 4, 1]), [0, 3])).toThrow(/whole numbers of at least 1/);
  });
});
