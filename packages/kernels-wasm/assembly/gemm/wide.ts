/**
 * 1 where the engine runs two adjacent vectors of four lanes as one of eight (`src/compile-kernels.ts`): products then have the tile
 * whose sums fill the registers of 256 bits, and not those of 128.
 */
// @ts-ignore: decorator
@external('env', 'wide')
export declare const WIDE: i32;
