import { type Html, html } from './html.ts';
import { picture } from './picture.ts';
import type { PictureExample, ReportPictures } from './report-input.ts';

/** Pictures of the test split beside the colours of their patch features, their true and predicted classes, and where words are found. */
export function picturesSection(pictures: ReportPictures | undefined): Html {
  const examples = pictures?.segmentation ?? [];
  return html`<section aria-labelledby="pictures">
<h2 id="pictures">Pictures</h2>
${
  examples.length === 0
    ? html`<p class="missing">No pictures were stored with this run.</p>`
    : html`<p class="lead">${lead(examples)}</p>
${examples.some(({ truth }) => truth !== undefined) && legend(pictures?.classes ?? [])}
<div class="examples">${examples.map(example)}</div>`
}
</section>`;
}

function lead(examples: readonly PictureExample[]): string {
  const features = 'Features shows the three main directions of the patch features as colours';
  if (examples.every(({ prediction }) => prediction === undefined)) return `${features}.`;
  return (
    'Every patch of a picture is compared with the name of every class and takes the nearest. ' +
    `${features}; below, where each word is found, by the same comparison.`
  );
}

function legend(classes: ReportPictures['classes']): Html {
  if (classes.length === 0) return html`<p class="missing">The colours have no legend: no class names were stored.</p>`;
  return html`<ul class="legend" aria-label="Colours of the classes">${classes.map(
    ({ name, color }) => html`<li><span style="background:${rgb(color)}"></span>${name}</li>`,
  )}</ul>`;
}

function example({ caption, image, truth, prediction, pca, similarity = [] }: PictureExample): Html {
  const tiles: readonly { label: string; source?: string; alt: string; className: string }[] = [
    { label: 'picture', source: image, alt: caption, className: '' },
    { label: 'truth', source: truth, alt: `True classes: ${caption}`, className: 'map' },
    { label: 'prediction', source: prediction, alt: `Predicted classes: ${caption}`, className: 'map' },
    { label: 'features', source: pca, alt: `Main components of the patch features: ${caption}`, className: 'map' },
  ];
  return html`<article class="example">
<p class="caption">${caption}</p>
<div class="tiles">${tiles.map(({ label, source, alt, className }) => source !== undefined && html`<figure>${picture(source, alt, className)}<figcaption>${label}</figcaption></figure>`)}</div>
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
