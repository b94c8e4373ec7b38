/**
 * Values that one task of an element-wise kernel computes (some tens of microseconds), known to the kernels and to their callers
 * alike.
 */
export const ELEMENTS_PER_TASK = 16384;
