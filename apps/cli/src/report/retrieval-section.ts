import { type Html, html, trusted } from './html.ts';
import { picture } from './picture.ts';
import type { ReportPictures, RetrievalExample } from './report-input.ts';

/** Texts with the pictures found for them, best first; the true picture is framed, ticked and named. */
export function retrievalSection(pictures: ReportPictures | undefined): Html {
  const examples = pictures?.retrieval ?? [];
  return html`<section aria-labelledby="retrieval">
<h2 id="retrieval">Retrieval</h2>
${
  examples.length === 0
    ? html`<p class="missing">No retrieval examples were stored with this run.</p>`
    : html`<p class="lead">The pictures nearest to a text, best first, with their cosine similarity. The one the text belongs to is framed and ticked.</p>
<div class="queries">${examples.map(query)}</div>`
}
</section>`;
}

function query({ text, image, results }: RetrievalExample): Html {
  const rank = results.findIndex(({ correct }) => correct);
  const outcome = rank < 0 ? `not among the first ${results.length}` : `found at rank ${rank + 1}`;
  return html`<article class="query">
<div class="asked">${picture(image, `The picture that belongs to: ${text}`)}<div><p class="caption">${text}</p><p class="outcome">${outcome}</p></div></div>
<ol class="found">${results.map(
    (result, i) =>
      html`<li${result.correct && html` class="correct"`}>${picture(result.image, `Result ${i + 1}${result.correct ? ', correct' : ''}`)}<span>${
        result.correct && html`${tick}<span class="unseen">correct, </span>`
      }${Number.isFinite(result.score) ? result.score.toFixed(2).replace('-', '\u2212') : 'no score'}</span></li>`,
  )}</ol>
</article>`;
}

const tick = trusted('<svg class="tick" aria-hidden="true" viewBox="0 0 12 12"><path d="M1.5 6.5l3 3 6-7"/></svg>');
