import { configText } from './config-values.ts';
import { chanceOf, type Evaluation, evaluationOf } from './evaluation.ts';
import { formatCompact, formatCount, formatPercent } from './format-number.ts';
import { type Html, html } from './html.ts';
import type { ReportInput } from './report-input.ts';
import { valueTables } from './value-tables.ts';

/** The measures in the order of the page; the first one that was taken is shown large. */
const MEASURES: readonly { task: string; measures: readonly (readonly [path: string, name: string])[] }[] = [
  {
    task: 'Zero-shot segmentation',
    measures: [
      ['zeroShotSegmentation.mIoU', 'mIoU'],
      ['zeroShotSegmentation.pixelAccuracy', 'pixel accuracy'],
    ],
  },
  {
    task: 'Retrieval, picture to text',
    measures: [
      ['retrieval.imageToText.R@1', 'R@1'],
      ['retrieval.imageToText.R@5', 'R@5'],
    ],
  },
  {
    task: 'Retrieval, text to picture',
    measures: [
      ['retrieval.textToImage.R@1', 'R@1'],
      ['retrieval.textToImage.R@5', 'R@5'],
    ],
  },
  {
    task: 'Zero-shot classification',
    measures: [
      ['zeroShotClassification.top1', 'top-1'],
      ['zeroShotClassification.top5', 'top-5'],
    ],
  },
  { task: 'k-NN classification', measures: [['knn.top1', 'top-1']] },
  {
    task: 'Linear probe on patches',
    measures: [
      ['patchLinearProbe.mIoU', 'mIoU'],
      ['patchLinearProbe.pixelAccuracy', 'pixel accuracy'],
    ],
  },
];

/** Key figures: what the evaluation measured, each beside chance where chance is known, and the size of the run. */
export function resultsSection(input: ReportInput): Html {
  const evaluation = evaluationOf(input);
  return html`<section aria-labelledby="results">
<h2 id="results">Results</h2>
${evaluation === undefined ? html`<p class="missing">This run has not been evaluated, so there are no scores to show.</p>` : remark(evaluation)}
${overview(input, evaluation?.numbers ?? new Map())}
${evaluation && allNumbers(evaluation)}
</section>`;
}

function remark({ step }: Evaluation): Html {
  return html`${step !== undefined && html`<p class="missing">The run has no final evaluation; these are the scores at step ${formatCount(step)}.</p>`}`;
}

/** The first measure, large, over the size of the run; the table of all measures beside them. */
function overview(input: ReportInput, numbers: Evaluation['numbers']): Html {
  const tasks = MEASURES.map(({ task, measures }) => ({ task, measures: measures.filter(([path]) => numbers.has(path)) })).filter(
    ({ measures }) => measures.length > 0,
  );
  const sizes = facts(input);
  if (tasks.length === 0) return html`${sizes && html`<div class="overview">${sizes}</div>`}`;
  if (tasks.length === 1 && tasks[0].measures.length === 1) {
    return html`<div class="overview">${hero(numbers, tasks[0].task, tasks[0].measures[0])}${sizes}</div>`;
  }
  return html`<div class="scores">
<div class="overview">${hero(numbers, tasks[0].task, tasks[0].measures[0])}${sizes}</div>
${scoreTable(numbers, tasks)}
</div>`;
}

function hero(numbers: Evaluation['numbers'], task: string, [path, name]: readonly [string, string]): Html {
  const value = numbers.get(path) ?? 0;
  const chance = chanceOf(numbers, path);
  return html`<div class="hero">
<p class="hero-name">${task}<br>${name}</p>
<p class="hero-value">${(100 * value).toFixed(1)}<small>%</small></p>
${bar(value, chance)}
<p class="hero-chance">${
    chance === undefined || chance <= 0
      ? 'Chance was not measured.'
      : html`<b>${timesText(value / chance)} times</b> what guessing reaches, ${formatPercent(chance)}.`
  }</p>
</div>`;
}

/** A ratio in about two digits: `2.7`, `31`. */
function timesText(ratio: number): string {
  return ratio < 9.95 ? ratio.toFixed(1) : formatCount(ratio);
}

type Task = { readonly task: string; readonly measures: readonly (readonly [string, string])[] };

function scoreTable(numbers: Evaluation['numbers'], tasks: readonly Task[]): Html {
  return html`<div class="measures"><table>
<thead><tr><th scope="col" colspan="2">Measure</th><th class="bar-cell"><span class="unseen">0 to 100 %</span></th><th scope="col">Score</th><th scope="col">Chance</th></tr></thead>
${tasks.map(
  ({ task, measures }) =>
    html`<tbody>${measures.map(([path, name], i) => {
      const value = numbers.get(path) ?? 0;
      const chance = chanceOf(numbers, path);
      return html`<tr>${i === 0 && html`<th scope="rowgroup" rowspan="${measures.length}">${task}</th>`}<th scope="row">${name}</th><td class="bar-cell">${bar(value, chance)}</td><td>${formatPercent(value)}</td><td>${chance === undefined ? html`<span aria-hidden="true">\u2013</span><span class="unseen">not measured</span>` : formatPercent(chance)}</td></tr>`;
    })}</tbody>`,
)}
</table></div>`;
}

/** A bar over 0 to 100 %, with a notch at chance. Only for the eye: the numbers stand beside it. */
function bar(value: number, chance: number | undefined): Html {
  const width = (share: number) => `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
  return html`<span class="bar" aria-hidden="true"><span style="width:${width(value)}"></span>${chance !== undefined && html`<i style="left:${width(chance)}"></i>`}</span>`;
}

function allNumbers({ numbers, remarks }: Evaluation): Html {
  const values: [string, string][] = [
    ...[...numbers].map(([path, value]): [string, string] => [path, sixDigits(value)]),
    ...remarks,
  ];
  return html`<details><summary>Every number of the evaluation</summary>
${valueTables(values, 'evaluation')}
</details>`;
}

function sixDigits(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function facts({ config, summary }: ReportInput): Html | undefined {
  const { parameters } = summary;
  const size = (count: number | undefined) =>
    typeof count === 'number' && Number.isFinite(count) ? formatCompact(count) : undefined;
  const entries: [string, string | undefined][] = [
    ['Parameters in training', size(parameters?.training)],
    ['Image tower', size(parameters?.image)],
    ['Text tower', size(parameters?.text)],
    ['Batch size', configText(config, 'train.batchSize')],
    ['Seed', configText(config, 'train.seed') ?? configText(config, 'seed')],
    ['Precision', configText(config, 'precision')],
    ['Steps left out, not finite', summary.skippedSteps ? formatCount(summary.skippedSteps) : undefined],
    ['Unreadable samples', summary.badSamples ? formatCount(summary.badSamples) : undefined],
  ];
  const known = entries.filter(([, value]) => value !== undefined);
  return known.length === 0
    ? undefined
    : html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
