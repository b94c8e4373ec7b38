import { createHash } from 'node:crypto';
import { configurationSection } from './configuration-section.ts';
import { curvesSection } from './curves-section.ts';
import { headerSection, runName, verdict } from './header-section.ts';
import { hoverScript } from './hover-script.ts';
import { html, trusted } from './html.ts';
import { picturesSection } from './pictures-section.ts';
import { profileSection } from './profile-section.ts';
import type { ReportInput } from './report-input.ts';
import { resultsSection } from './results-section.ts';
import { retrievalSection } from './retrieval-section.ts';
import { styleSheet } from './style-sheet.ts';

/**
 * The report of a run as one HTML page that needs nothing beside it: styles, charts and pictures are inside, and its content security
 * policy forbids it to load anything. Parts that the run does not have are replaced by a sentence. All text of the run is escaped.
 *
 * @example renderReport({ config: {}, metrics: [], summary: { status: 'completed', steps: 0 } }) // '<!doctype html>...'
 */
export function renderReport(input: ReportInput): string {
  const scriptHash = createHash('sha256').update(hoverScript).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${verdict(input.summary)}">
<link rel="icon" href="data:,">
<title>${runName(input.config)}: Vitrail training report</title>
<style>${trusted(styleSheet)}</style>
</head>
<body>
<main>
${headerSection(input)}
${resultsSection(input)}
${curvesSection(input)}
${picturesSection(input.pictures)}
${retrievalSection(input.pictures)}
${profileSection(input.profile)}
${configurationSection(input.config)}
</main>
<footer>Written by <code>vitrail report</code> from the files of the run. This page is complete: it loads nothing from anywhere.</footer>
<script>${trusted(hoverScript)}</script>
</body>
</html>
`.markup;
}
