import { WINDOWS_1252 } from './unescape-html.ts';

/** An encoding of one byte for each character; bytes 0 to 127 are ASCII in all of them. */
export type SingleByteEncoding = { readonly name: string; readonly upperHalf: string };

/** Stands in a text for a byte that got lost because it meant nothing in Windows. */
export const LOST = '\ufffd';

/** What a decoder of Windows makes of LOST: it has no other use for byte 26, nor for the control character of that number. */
const SUBSTITUTE = '\u001a';

/** Bytes 128 to 255 in rows of 32. A point, and a row that is left out, stand for the character of the same number. */
const UPPER_HALVES = {
  'iso-8859-1': '',
  'windows-1252': WINDOWS_1252,
  'windows-1251': `
    ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—.™љ›њќћџ
    .ЎўЈ.Ґ..Ё.Є....Ї..Ііґ...ё№є.јЅѕї
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ
    абвгдежзийклмнопрстуфхцчшщъыьэюя
  `,
  'windows-1250': `
    €.‚.„…†‡.‰Š‹ŚŤŽŹ.‘’“”•–—.™š›śťžź
    .ˇ˘Ł.Ą....Ş....Ż..˛ł.....ąş.Ľ˝ľż
    Ŕ..Ă.ĹĆ.Č.Ę.Ě..ĎĐŃŇ..Ő..ŘŮ.Ű..Ţ.
    ŕ..ă.ĺć.č.ę.ě..ďđńň..ő..řů.ű..ţ˙
  `,
  'windows-1253': `
    €.‚ƒ„…†‡.‰.‹.....‘’“”•–—.™.›....
    .΅Ά............―....΄...ΈΉΊ.Ό.ΎΏ
    ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ.ΣΤΥΦΧΨΩΪΫάέήί
    ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ.
  `,
  'windows-1254': `
    €.‚ƒ„…†‡ˆ‰Š‹Œ....‘’“”•–—˜™š›œ..Ÿ
    ................................
    ................Ğ............İŞ.
    ................ğ............ış.
  `,
  'windows-1257': `
    €.‚.„…†‡.‰.‹.¨ˇ¸.‘’“”•–—.™.›.¯˛.
    ........Ø.Ŗ....Æ........ø.ŗ....æ
    ĄĮĀĆ..ĘĒČ.ŹĖĢĶĪĻŠŃŅ.Ō...ŲŁŚŪ.ŻŽ.
    ąįāć..ęēč.źėģķīļšńņ.ō...ųłśū.żž˙
  `,
  'iso-8859-2': `
    ................................
    .Ą˘Ł.ĽŚ..ŠŞŤŹ.ŽŻ.ą˛ł.ľśˇ.šşťź˝žż
    Ŕ..Ă.ĹĆ.Č.Ę.Ě..ĎĐŃŇ..Ő..ŘŮ.Ű..Ţ.
    ŕ..ă.ĺć.č.ę.ě..ďđńň..ő..řů.ű..ţ˙
  `,
  macintosh: `
    ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü
    †°..§•¶ß®.™´¨≠ÆØ∞.≤≥¥.∂∑∏π∫ªºΩæø
    ¿¡¬√ƒ≈∆«»…\xa0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ
    ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ
  `,
  cp437: `
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0
  `,
};

/**
 * The encodings that UTF-8 is mistaken for, likely ones first, with the characters of bytes 128 to 255.
 *
 * A byte without a meaning is the character of the same number. (`TextDecoder` has no cp437, gives U+FFFD for some such bytes of windows-1253
 * and windows-1257, and in Node 20 reads windows-1252 as iso-8859-1.)
 *
 * @see https://encoding.spec.whatwg.org
 */
export function singleByteEncodings(): SingleByteEncoding[] {
  return Object.entries(UPPER_HALVES).map(([name, rows]) => {
    const characters = rows.replace(/[ \n]/g, '').padEnd(128, '.');
    return { name, upperHalf: characters.replace(/\./g, (_, i: number) => upperByte(i)) };
  });
}

/** The bytes of a text, as characters up to U+00FF and LOST. Nothing if the text has a character that the encoding lacks. */
export function bytesIn({ name, upperHalf }: SingleByteEncoding, text: string): string | undefined {
  const [substitute, lost] = name.startsWith('windows') ? [SUBSTITUTE, LOST] : [];
  let bytes = '';
  for (const character of text) {
    const place = upperHalf.indexOf(character);
    if (place >= 0) bytes += upperByte(place);
    else if ((character < '\x80' && character !== substitute) || character === lost) bytes += character;
    else return undefined;
  }
  return bytes;
}

function upperByte(place: number): string {
  return String.fromCharCode(128 + place);
}
