import { type Html, html } from './html.ts';
import { picture } from './picture.ts';
import type { ReportPictures, SegmentationExample } from './report-input.ts';

/** Pictures of the test split beside their true and predicted classes, the colours of their patch features, and where words are found. */
export function picturesSection(pictures: ReportPictures | undefined): Html {
  const examples = pictures?.segmentation ?? [];
  return html`<section aria-labelledby="pictures">
<h2 id="pictures">Pictures</h2>
${
  examples.length === 0
    ? html`<p class="missing">No segmented pictures were stored with this run.</p>`
    : html`<p class="lead">Every patch of a picture is compared with the name of every class and takes the nearest. Features shows the three main directions of the patch features as colours; below, where each word is found, by the same comparison.</p>
${legend(pictures?.classes ?? [])}
<div class="examples">${examples.map(example)}</div>`
}
</section>`;
}

function legend(classes: ReportPictures['classes']): Html {
  if (classes.length === 0) return html`<p class="missing">The colours have no legend: no class names were stored.</p>`;
  return html`<ul class="legend" aria-label="Colours of the classes">${classes.map(
    ({ name, color }) => html`<li><span style="background:${rgb(color)}"></span>${name}</li>`,
  )}</ul>`;
}

function example({ caption, image, truth, prediction, pca, similarity = [] }: SegmentationExample): Html {
  const tiles = [
    { label: 'picture', source: image, alt: caption, className: '' },
    { label: 'truth', source: truth, alt: `True classes: ${caption}`, className: 'map' },
    { label: 'prediction', source: prediction, alt: `Predicted classes: ${caption}`, className: 'map' },
    { label: 'features', source: pca, alt: `Main components of the patch features: ${caption}`, className: 'map' },
  ];
  return html`<article class="example">
<p class="caption">${caption}</p>
<div class="tiles">${tiles.map(({ label, source, alt, className }) => html`<figure>${picture(source, alt, className)}<figcaption>${label}</figcaption></figure>`)}</div>
${
  similarity.length > 0 &&
  html`<div class="tiles words">${similarity.map(
    ({ word, image: map }) =>
      html`<figure>${picture(map, `Where \u201c${word}\u201d is found: ${caption}`, 'map')}<figcaption>${word}</figcaption></figure>`,
  )}</div>`
}
</article>`;
}

function rgb(color: readonly number[]): string {
  const channels = [0, 1, 2].map((i) => Math.min(255, Math.max(0, Math.round(Number(color[i]) || 0))));
  return `rgb(${channels.join(' ')})`;
}
