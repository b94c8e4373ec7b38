/** Places where words of a trie end: how many symbols each has, and its value. The shortest comes first. */
export type TrieMatch = { readonly length: number; readonly value: number };

/** More than any symbol: code points and bytes. */
const SYMBOLS = 0x110000;

/**
 * A trie over lists of code points or of bytes.
 *
 * @param words each with its value, a whole number of at least 0; of equal words the last counts
 * @returns all words that begin at a place of a text
 */
export function symbolTrie(
  words: Iterable<readonly [symbols: Iterable<number>, value: number]>,
): (text: ArrayLike<number>, at: number) => TrieMatch[] {
  // One map for all nodes: a hundred thousand small ones would take several times the memory.
  const children = new Map<number, number>();
  const values = [-1];
  for (const [symbols, value] of words) {
    let node = 0;
    for (const symbol of symbols) {
      const edge = node * SYMBOLS + symbol;
      let child = children.get(edge);
      if (child === undefined) {
        child = values.length;
        children.set(edge, child);
        values.push(-1);
      }
      node = child;
    }
    values[node] = value;
  }
  return (text, at) => {
    const matches: TrieMatch[] = [];
    let node: number | undefined = 0;
    for (let i = at; i < text.length; i++) {
      node = children.get(node * SYMBOLS + text[i]);
      if (node === undefined) break;
      if (values[node] >= 0) matches.push({ length: i + 1 - at, value: values[node] });
    }
    return matches;
  };
}
