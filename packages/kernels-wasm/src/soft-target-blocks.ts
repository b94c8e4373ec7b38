/** Prototypes whose scores a task of the forward kernel has at a time: with those of the teacher 192 KiB, in the L2 cache. */
export const SCORE_COLUMNS = 512;

/** Prototypes of one task of packing, and of the gradient of the prototypes. */
export const PROTOTYPE_COLUMNS = 128;
