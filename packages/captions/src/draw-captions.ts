import { type Rng, VitrailError } from '@vitrail/core';

/** What is written about one picture: granularity (`alt`, `short`, `long`, ...) to one text, or several to draw from. */
export type Captions = { readonly [granularity: string]: string | readonly string[] };

/** One list of granularities per text stream; each picture gives each stream one text of one of them. */
export type CaptionStreams = readonly (readonly string[])[];

/**
 * The streams of TIPS: alt-text for the first CLS token, a synthetic caption for the second.
 *
 * @see "TIPS", arXiv 2410.16512; web alt-text and PaliGemma's captions there
 */
export const tipsStreams: CaptionStreams = [['alt'], ['short']];

/**
 * The streams of TIPSv2: alt-text for the first CLS token, a short or a long synthetic caption, each half of the time, for the second.
 *
 * @see "TIPSv2", arXiv 2604.12012, section 3.5 and table 13; web alt-text, PaliGemma's and Gemini's captions there
 */
export const tipsv2Streams: CaptionStreams = [['alt'], ['short', 'long']];

/**
 * Draws one text per stream for one picture.
 *
 * Among the stream's granularities that this picture has (with a text that is not blank) each is equally likely, and then each of the
 * texts of that granularity. When the picture has none of them, the stream takes what else there is: the first granularity present, in
 * the order in which the other streams name them, and after those in the order of `captions`.
 *
 * A pure function of its arguments. It does not advance `rng`: the same stream of numbers gives the same texts again, so give every
 * picture a fork of its own, `rng.fork(epoch, index)`. Each text stream draws for itself: adding one changes no other.
 *
 * @param captions texts by granularity; blank ones count as absent
 * @param streams at least one, each with at least one granularity; one named twice in a stream counts twice
 * @returns one text per stream, as it was written
 * @throws `missing-data` when no text is there at all; `invalid-argument` for no stream, or one without a granularity
 * @see "TIPSv2", arXiv 2604.12012, section 3.5. A draw per picture and step is our reading of "uniformly sampled"; what happens when a
 *   caption is missing is our choice.
 * @example drawCaptions({ alt: 'IMG_12 dog', short: 'a dog on sand' }, tipsv2Streams, createRng(0)) // ['IMG_12 dog', 'a dog on sand']
 */
export function drawCaptions(captions: Captions, streams: CaptionStreams, rng: Rng): string[] {
  requireStreams(streams);
  const present = presentTexts(captions);
  if (present.size === 0) {
    const names = Object.keys(captions);
    const came = names.length === 0 ? 'no captions' : `only blank texts, under ${names.join(', ')},`;
    throw new VitrailError('missing-data', `drawCaptions: a picture has at least one text that is not blank, but ${came} came`);
  }
  const elsewhere = [...streams.flat(), ...present.keys()];
  return streams.map((granularities, index) => {
    const draws = rng.fork('captions', index);
    const own = textsOf(present, granularities);
    const candidates = own.length > 0 ? own : textsOf(present, elsewhere).slice(0, 1);
    const texts = candidates[draws.integer(0, candidates.length)];
    return texts[draws.integer(0, texts.length)];
  });
}

/** The texts that are not blank, by granularity; granularities without any are left out. */
function presentTexts(captions: Captions): Map<string, readonly string[]> {
  const texts = Object.entries(captions).map(
    ([name, written]) => [name, [written].flat().filter((text) => text.trim() !== '')] as const,
  );
  return new Map(texts.filter(([, list]) => list.length > 0));
}

/** The texts of each of these granularities that is present, in this order. */
function textsOf(present: ReadonlyMap<string, readonly string[]>, granularities: readonly string[]): (readonly string[])[] {
  return granularities.flatMap((name) => {
    const texts = present.get(name);
    return texts === undefined ? [] : [texts];
  });
}

function requireStreams(streams: CaptionStreams): void {
  if (streams.length === 0) {
    throw new VitrailError('invalid-argument', "drawCaptions: there is at least one stream ([['alt']], for one), but none came");
  }
  const empty = streams.findIndex((granularities) => granularities.length === 0);
  if (empty !== -1) {
    throw new VitrailError(
      'invalid-argument',
      `drawCaptions: a stream names at least one granularity (alt, short, long, ...), but stream ${empty} names none`,
    );
  }
}
