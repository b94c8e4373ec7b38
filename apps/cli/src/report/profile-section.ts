import { type Html, html } from './html.ts';
import type { ReportProfile } from './report-input.ts';

/** GPU time by kernel, for a run that was profiled. */
export function profileSection(profile: ReportProfile | undefined): Html {
  if (profile === undefined) return html``;
  const { steps, kernels } = profile;
  const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const perStep = (value: number) => value / steps;
  return html`<section aria-labelledby="profile">
<h2 id="profile">Time on the GPU</h2>
<p class="lead">${milliseconds(perStep(total))} ms of kernels a step, over ${steps} steps. Launches were timed one by one, so a step took longer than without.</p>
<div class="measures"><table><thead><tr><th scope="col">kernel</th><th scope="col">launches a step</th><th scope="col">ms a step</th><th scope="col">share</th></tr></thead>
<tbody>${kernels.map(
    ({ kernel, launches, milliseconds: time }) =>
      html`<tr><th scope="row">${kernel}</th><td>${perStep(launches).toFixed(1).replace(/\.0$/, '')}</td><td>${milliseconds(perStep(time))}</td><td>${total > 0 ? ((100 * time) / total).toFixed(1) : '0'} %</td></tr>`,
  )}</tbody></table></div>
</section>`;
}

function milliseconds(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}
