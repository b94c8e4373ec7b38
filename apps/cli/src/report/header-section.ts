import { configText } from './config-values.ts';
import { formatCount, formatDuration, formatMeasure } from './format-number.ts';
import { type Html, html, trusted } from './html.ts';
import type { ReportInput } from './report-input.ts';

/** The name of a run: its recipe and preset, `tipsv2:tiny`. */
export function runName(config: unknown): string {
  const recipe = configText(config, 'recipe') ?? configText(config, 'recipe.name');
  if (recipe === undefined) return 'Vitrail run';
  const preset = configText(config, 'preset');
  return preset === undefined || recipe.includes(':') ? recipe : `${recipe}:${preset}`;
}

/** How a run ended, in one sentence: `Completed 1,000 steps in 3 min 42 s on wasm, 58.3 images/s.` Another one says why a run failed. */
export function verdict({ status, reason, steps, seconds, backend, imagesPerSecond }: ReportInput['summary']): string {
  const done = `${formatCount(Number.isFinite(steps) ? steps : 0)} ${steps === 1 ? 'step' : 'steps'}`;
  const openings: Record<string, string> = {
    completed: `Completed ${done}`,
    interrupted: `Interrupted after ${done}`,
    failed: `Failed after ${done}`,
    unfinished: `Unfinished: ${done} so far`,
  };
  const opening = Object.hasOwn(openings, status) ? openings[status] : `${status}: ${done}`;
  const time = isAmount(seconds) ? ` in ${formatDuration(seconds)}` : '';
  const place = backend ? ` on ${backend}` : '';
  const speed = isAmount(imagesPerSecond) ? `, ${formatMeasure(imagesPerSecond)} images/s` : '';
  return `${opening}${time}${place}${speed}.${reason ? ` ${reason}` : ''}`;
}

/** The top of the page: the mark, the run's name, what it was trained on, and the verdict. */
export function headerSection({ config, summary }: ReportInput): Html {
  const data = configText(config, 'data') ?? configText(config, 'data.spec') ?? configText(config, 'data.train');
  const tone = ['completed', 'interrupted', 'failed'].includes(summary.status) ? summary.status : 'other';
  return html`<header class="top">
${mark}
<div>
<p class="eyebrow">Vitrail training report</p>
<h1>${runName(config)}${data !== undefined && html` <span>on ${data}</span>`}</h1>
<p class="verdict ${tone}">${verdict(summary)}</p>
</div>
</header>`;
}

function isAmount(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** A lancet window cut into the patches of a picture. */
const mark = trusted(`<svg class="mark" aria-hidden="true" viewBox="0 0 56 80">
<clipPath id="lancet"><path d="M2 78V36C2 20 14 8 28 2c14 6 26 18 26 34v42z"/></clipPath>
<g clip-path="url(#lancet)">
<path class="g1" d="M0 0h28v21H0z"/><path class="g2" d="M28 0h28v21H28z"/>
<path class="g3" d="M0 21h19v19H0z"/><path class="g4" d="M19 21h18v19H19z"/><path class="g1" d="M37 21h19v19H37z"/>
<path class="g2" d="M0 40h19v19H0z"/><path class="g1" d="M19 40h18v19H19z"/><path class="g5" d="M37 40h19v19H37z"/>
<path class="g1" d="M0 59h19v21H0z"/><path class="g3" d="M19 59h18v21H19z"/><path class="g2" d="M37 59h19v21H37z"/>
<path class="lead" d="M28 0v21M0 21h56M0 40h56M0 59h56M19 21v59M37 21v59"/>
</g>
<path class="frame" d="M2 78V36C2 20 14 8 28 2c14 6 26 18 26 34v42z"/>
</svg>`);
