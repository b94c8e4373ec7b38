/** Columns of the gradients of scale and bias that one task adds up, known to the kernels and to their callers alike. */
export const SUM_COLUMNS = 512;
