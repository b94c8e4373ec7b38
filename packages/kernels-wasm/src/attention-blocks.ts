/** A row of attention scores or weights has a multiple of so many keys: whole pairs of vectors. */
export const KEY_BLOCK = 8;
