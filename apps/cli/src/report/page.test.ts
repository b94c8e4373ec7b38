import { expect, test } from 'vitest';
import { renderReport } from './page.ts';
import { encodePng } from './png.ts';
import type { MetricRow, ReportInput } from './report-input.ts';

const image = encodePng(new Uint8Array(12).fill(90), 2, 2);
const attack = `<script>alert("x")</script>'"&`;

const metrics: MetricRow[] = Array.from({ length: 60 }, (_, i) => ({
  step: i + 1,
  split: 'train',
  loss: 9 - i / 20,
  'loss/contrastive': 3.4 - i / 50,
  'patch/masked': 6 - i / 90,
  'patch/visible': 5.9 - i / 60,
  lr: 1e-3,
  imagesPerSecond: 58,
  temperature: 0.07,
}));
metrics.push({ step: 60, split: 'eval', 'zeroShotSegmentation.mIoU': 0.1, 'zeroShotSegmentation.chance.mIoU': 0.05 });

const full: ReportInput = {
  config: {
    recipe: 'tipsv2',
    preset: 'tiny',
    command: ['vitrail', 'pretrain', '--set', "data.train=it's {0..3}"],
    data: { train: 'scenes' },
    train: { batchSize: 32, seed: 7 },
    mask: { ratio: 0.75 },
    captions: { streams: [['alt'], ['short', 'long']] },
  },
  metrics,
  summary: {
    status: 'completed',
    steps: 60,
    seconds: 222,
    imagesPerSecond: 58.3,
    backend: 'wasm',
    parameters: { image: 389_472, text: 441_216, training: 1_204_993 },
    eval: {
      zeroShotSegmentation: { mIoU: 0.1432, pixelAccuracy: 0.612, chance: { mIoU: 0.053 }, readout: 'value' },
      retrieval: { imageToText: { 'R@1': 0.11, 'R@5': 0.37 }, textToImage: { 'R@1': 0.12, 'R@5': 0.38 }, candidates: 256 },
      zeroShotClassification: { top1: 0.42, chance: { top1: 0.05 } },
    },
  },
  pictures: {
    classes: [{ name: 'red circle', color: [200, 30, 30] }],
    segmentation: [
      { caption: 'a red circle', image, truth: image, prediction: image, pca: image, similarity: [{ word: 'circle', image }] },
    ],
    retrieval: [
      {
        text: 'a blue star',
        image,
        results: [
          { image, correct: false, score: 0.7 },
          { image, correct: true, score: 0.6 },
        ],
      },
    ],
  },
};

/** What a reader sees: the page without styles, scripts and tags. */
const textOf = (page: string) =>
  page
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\u202f]+/g, ' ');

test('the page says how the run went, in one line', () => {
  expect(textOf(renderReport(full))).toContain('Completed 60 steps in 3 min 42 s on wasm, 58.3 images/s.');
  expect(textOf(renderReport({ ...full, summary: { status: 'interrupted', steps: 1 } }))).toContain('Interrupted after 1 step.');
});

test('scores stand beside chance, stated by the evaluation or, for retrieval, k of n', () => {
  const text = textOf(renderReport(full));
  expect(text).toContain('2.7 times what guessing reaches, 5.3 %');
  expect(text).toMatch(/R@1 11\.0 % 0\.4 %/);
  expect(text).toMatch(/R@5 37\.0 % 2\.0 %/);
  expect(text).toMatch(/top-1 42\.0 % 5\.0 %/);
});

test('the contrastive curve is compared with guessing among the batch', () => {
  expect(textOf(renderReport(full))).toContain('guessing, ln 32 3.47');
  expect(textOf(renderReport({ ...full, config: {} }))).not.toContain('guessing, ln');
});

test('the configuration is complete and the command can be pasted into a shell', () => {
  const text = textOf(renderReport(full));
  expect(text).toContain('All 8 settings');
  expect(text).toContain('[[&quot;alt&quot;], [&quot;short&quot;, &quot;long&quot;]]');
  expect(text).toContain('vitrail pretrain --set &#39;data.train=it&#39;\\&#39;&#39;s {0..3}&#39;');
});

test('pictures of a model without texts are shown with their features alone, beside the true classes where there are some', () => {
  const [{ caption, pca }] = full.pictures?.segmentation ?? [];
  const figures = (more: object) => {
    const page = renderReport({
      ...full,
      pictures: { classes: [], segmentation: [{ caption, image, pca, ...more }], retrieval: [] },
    });
    expect(textOf(page)).not.toContain('takes the nearest');
    return [...page.slice(page.indexOf('id="pictures"')).matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, label]) => label);
  };
  expect(figures({})).toEqual(['picture', 'features']);
  expect(figures({ truth: image })).toEqual(['picture', 'truth', 'features']);
});

test('the correct retrieval result is marked by more than its colour', () => {
  const page = renderReport(full);
  expect(page.match(/<li class="correct">/g)).toHaveLength(1);
  expect(page).toContain('alt="Result 2, correct"');
  expect(textOf(page)).toContain('found at rank 2');
});

test('the page needs nothing beside it and forbids itself to ask', () => {
  const page = renderReport(full);
  expect(page).not.toMatch(/https?:|@import|<link[^>]+stylesheet|url\((?!#)/);
  expect(page).toContain('default-src &#39;none&#39;; img-src data:');
  for (const [, source] of page.matchAll(/\ssrc="([^"]*)"/g)) expect(source).toMatch(/^data:image\/png;base64,/);
});

test('text of users never becomes markup', () => {
  const page = renderReport({
    config: { recipe: attack, preset: attack, data: attack, [attack]: attack, command: attack, versions: { [attack]: attack } },
    metrics: [{ step: 1, split: 'train', loss: 1, [`loss/${attack}`]: 2 }],
    summary: {
      status: attack,
      steps: 1,
      backend: attack,
      eval: { [attack]: attack, zeroShotSegmentation: { mIoU: 0.1, readout: attack } },
    },
    pictures: {
      classes: [{ name: attack, color: [1, 2, 3] }],
      segmentation: [
        {
          caption: attack,
          image: `${image}"onload="x`,
          truth: attack,
          prediction: 'https://example.org/a.png',
          pca: 'javascript:alert(1)',
          similarity: [{ word: attack, image: attack }],
        },
      ],
      retrieval: [{ text: attack, image: attack, results: [{ image: attack, correct: true, score: 1 }] }],
    },
  });
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toContain('alert("x")');
  expect(page).not.toMatch(/<img/);
  expect(textOf(page)).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
});

const bare: ReportInput = { config: {}, metrics: [], summary: { status: 'failed', steps: 0 } };
test.each<[string, ReportInput, string]>([
  ['nothing but a status', bare, 'No metrics were recorded'],
  ['no configuration at all', { ...bare, config: undefined }, 'No configuration was stored'],
  ['no evaluation', bare, 'has not been evaluated'],
  ['no pictures', bare, 'No pictures were stored'],
  [
    'empty pictures',
    { ...bare, pictures: { classes: [], segmentation: [], retrieval: [] } },
    'No retrieval examples were stored',
  ],
  ['one row', { ...bare, metrics: metrics.slice(0, 1) }, 'Not recorded in this run: zero-shot segmentation'],
  [
    'only rows without numbers',
    { ...bare, metrics: [{ step: 1, split: 'train', loss: 'NaN', lr: null }] },
    'not a finite number at 1 of',
  ],
  ['only evaluation rows', { ...bare, metrics: metrics.slice(-1) }, 'these are the scores at step 60'],
  [
    'null for numbers',
    { ...bare, summary: { status: 'completed', steps: 3, seconds: null, imagesPerSecond: null, eval: { knn: { top1: null } } } },
    'Completed 3 steps.',
  ],
])('a run with %s gives a readable page', (_, input, sentence) => {
  const page = renderReport(input);
  expect(textOf(page)).toContain(sentence);
  expect(page.replace(/<script>[\s\S]*?<\/script>/, '')).not.toMatch(/NaN|Infinity|undefined|\[object/);
});

test('rendering is a pure function', () => {
  expect(renderReport(full)).toBe(renderReport(structuredClone(full)));
});
