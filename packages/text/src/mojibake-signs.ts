/*
 * The classes of characters and the rules for what is unlikely next to what are data of ftfy 6.3.1 (ftfy/badness.py), by Robyn Speer, licensed
 * under the Apache License 2.0: https://github.com/rspeer/python-ftfy. They are written otherwise here, and without
 * rules that others imply, but say the same.
 */

const SPACE = '\\p{White_Space}\\u001c-\\u001f';
const COMMON = '\xa0\xad´·–-―’…';
/** Hardly seen but in mojibake. */
const BAD = '¤¦¨ª¬¯¸ºƒˆˇ˘˛˜†‡‰⌐◊\ufffd';
const LAW = '§¶';
const CURRENCY = '¢£¥₧€';
const START = '¡©«¿΄΅‘‚“„•‹\uf8ff';
const END = '®»˝”›™';
const NUMERIC = '±-³µ¹¼-¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥';
/** Of which faces are made. */
const KAOMOJI = '°Ò-ÖÙ-Üò-öø-üŌŐŪŲ';
const UPPER = 'À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ';
const LOWER = 'ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ';
/** Letters that also stand at the end of a word, or begin one. */
const UPPER_COMMON = 'ÞΆΈ-ΊΌΎΏΑ-ΫЁ-Я';
const LOWER_COMMON = 'ά-ωа-џ';
const BOX = '│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓';

const ACCENTED = LOWER + UPPER;
const SIGNS = START + END + CURRENCY + NUMERIC + LAW;
const CYRILLIC = `[ВГРС][${BAD}${START}${END}${CURRENCY}°µ][ВГРС]`;
const GREEK = `[ΒΓΞΟ][${BAD}${START}${END}${CURRENCY}°][ΒΓΞΟ]`;
const ARABIC = `[ØÙ][${COMMON}${CURRENCY}${BAD}${NUMERIC}${START}ŸŠ®°µ»]`;

/** What does not occur in text that was decoded well. */
const SIGNS_OF_MOJIBAKE = [
  '[\x80-\x9f]',
  `[${BAD}${ACCENTED}${BOX}${SIGNS}][${BAD}]`,
  `[a-zA-Z][${LOWER_COMMON}${UPPER_COMMON}][${BAD}]`,
  `[${BAD}][${ACCENTED}${BOX}${SIGNS}]`,
  `[${LOWER}${LOWER_COMMON}${BOX}${END}${CURRENCY}${NUMERIC}][${UPPER}]`,
  `[${BOX}${END}${CURRENCY}${NUMERIC}][${LOWER}]`,
  `[${LOWER}${BOX}${END}][${CURRENCY}]`,
  `[${SPACE}][${UPPER}][${CURRENCY}]`,
  `[${UPPER}${BOX}][${NUMERIC}${LAW}]`,
  `[${ACCENTED}${BOX}${CURRENCY}${END}][${START}][${NUMERIC}]`,
  `[${ACCENTED}${CURRENCY}${NUMERIC}${BOX}${LAW}][${END}][${START}]`,
  `[${CURRENCY}${NUMERIC}${BOX}][${START}]`,
  `[a-z][${UPPER}][${START}${CURRENCY}]`,
  `[${BOX}][${KAOMOJI}${END}]`,
  `[${ACCENTED}${SIGNS}][${BOX}]`,
  `[${ACCENTED}][${START}${END}][\\p{L}\\p{N}_]`,
  '[Œœ][^A-Za-z]',
  `[${UPPER}]°`,
  // UTF-8 read as Windows-1252: Latin, a superscript after ×, Arabic, scripts of South Asia.
  `[ÂÃÎÐ][€œŠš¢£Ÿž\xa0\xad®©°·»${START}${END}–—´]`,
  '×[²³]',
  ARABIC + ARABIC,
  'à[²µ¹¼½¾]',
  // As MacRoman, or twice.
  '√[±∂†≠®™´≤≥¥µø]',
  '≈[°¢]',
  '‚Ä[ìîïòôúùû†°¢π]',
  '‚[âó][àä°ê]',
  // As Windows-1251, and once more on top of Windows-1252.
  'вЂ',
  CYRILLIC,
  'ГўВЂВ[^\\n][A-Za-z ]',
  // À and the no-break space as Windows-1252, where byte A0 became a space.
  `[a-z][${SPACE}]?[ÃÂ] `,
  '^[ÃÂ] ',
  `[a-z.,?!${END}]Â[ ${START}${END}]`,
  // As Windows-1253.
  'β€[™\xa0Ά\xad®°]',
  GREEK,
];

/** Whether a text looks as if it was decoded with a wrong encoding, by a heuristic that rather misses some than takes good text for bad. */
export function mojibakeDetector(): (text: string) => boolean {
  const sign = new RegExp(SIGNS_OF_MOJIBAKE.join('|'), 'u');
  return (text) => sign.test(text);
}
