/**
 * The pieces that byte-pair encoding works on since GPT-2: contractions, and words, numbers and other signs with the space before them. White
 * space is Unicode's; that of JavaScript's `\s` has U+FEFF besides, and lacks U+0085.
 *
 * @see OpenAI GPT-2 `encoder.py`
 */
export const GPT2_PIECE =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
