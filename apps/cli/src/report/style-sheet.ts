/** The style sheet of the report: light and dark, one column on a phone, at most 1,100 px wide; system fonts only. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --pane: #ffffff; --ink: #171a21; --quiet: #596072; --rule: #dfe3ea; --faint: #eceff4;
  --blue: #2a54c4; --amber: #b36b00; --green: #0b7a5e; --ruby: #bd2d4b; --violet: #7747bf;
  --lead: #20242e; --frame: #20242e; --glass1: #1f3f9e; --glass2: #3d6fd6; --glass3: #8db4f2; --glass4: #d9a13a; --glass5: #b5304a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101319; --pane: #181c24; --ink: #e9ecf2; --quiet: #a3abbc; --rule: #2c323e; --faint: #222732;
    --blue: #86aaff; --amber: #eaad4c; --green: #4fcba4; --ruby: #ff8499; --violet: #c09dff;
    --lead: #07090d; --frame: #4a5364; --glass1: #2c52bd; --glass2: #4d80e6; --glass3: #9cc0f7; --glass4: #e5b04b; --glass5: #c93f5a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 400 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main, footer { max-width: 1148px; margin: 0 auto; padding: 0 24px; }
section { margin-top: 64px; }
h1, h2, h3, p, figure, ul, ol, dl, dd, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h2 { margin-bottom: 18px; font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h2:not(:first-child) { margin-top: 48px; }
h3 { font-size: 15px; font-weight: 650; }
code, pre, .values th, .values td { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.note, .lead, .missing { color: var(--quiet); }
.note { font-size: 14px; }
.lead { max-width: 68ch; margin-bottom: 20px; }
.missing { max-width: 68ch; margin-bottom: 16px; }
.missing:last-child { margin-bottom: 0; }

.top { display: flex; align-items: center; gap: 28px; padding-top: 56px; }
.top > div { min-width: 0; }
.mark { flex: none; width: 70px; height: 100px; }
.mark .g1 { fill: var(--glass1); } .mark .g2 { fill: var(--glass2); } .mark .g3 { fill: var(--glass3); }
.mark .g4 { fill: var(--glass4); } .mark .g5 { fill: var(--glass5); }
.mark .lead { fill: none; stroke: var(--lead); stroke-width: 2; }
.mark .frame { fill: none; stroke: var(--frame); stroke-width: 3.5; stroke-linejoin: round; }
.eyebrow { color: var(--quiet); font-size: 14px; }
h1 { font-size: clamp(30px, 5vw, 44px); line-height: 1.12; font-weight: 680; letter-spacing: -.022em; overflow-wrap: anywhere; text-wrap: balance; }
h1 span { display: inline-block; max-width: 100%; line-height: 1.3; font-size: .52em; font-weight: 400; letter-spacing: -.01em; color: var(--quiet); }
.verdict { margin-top: 8px; font-size: 18px; overflow-wrap: anywhere; }
.verdict::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 10px; background: var(--quiet); }
.verdict.completed::before { background: var(--green); }
.verdict.interrupted::before { background: var(--amber); }
.verdict.failed::before { background: var(--ruby); }

.scores { display: grid; grid-template-columns: minmax(260px, 4fr) minmax(0, 8fr); gap: 16px; align-items: stretch; }
.overview, .measures, .chart, .example, .query, details, pre { background: var(--pane); border: 1px solid var(--rule); border-radius: 4px; }
.overview { display: flex; flex-direction: column; }
.hero { flex: 1; display: flex; flex-direction: column; justify-content: center; padding: 24px 28px; }

.hero-name { font-weight: 650; line-height: 1.35; }
.hero-value { margin: 10px 0 18px; font-size: 76px; line-height: 1; font-weight: 680; letter-spacing: -.04em; }
.hero-value small { margin-left: 6px; font-size: 30px; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
.hero-chance { margin-top: 14px; color: var(--quiet); }
.hero-chance b { color: var(--ink); font-weight: 650; }
.bar { position: relative; display: block; height: 8px; background: var(--faint); }
.bar span { position: absolute; inset: 0 auto 0 0; background: var(--blue); }
.bar i { position: absolute; top: -4px; bottom: -4px; width: 2px; margin-left: -1px; background: var(--ink); box-shadow: 0 0 0 1px var(--pane); }
.measures { padding: 8px 20px; font-size: 15px; }
.measures table { width: 100%; border-collapse: collapse; }
.measures th, .measures td { padding: 7px 0 7px 16px; text-align: right; font-weight: 400; vertical-align: baseline; white-space: nowrap; }
.measures thead th { color: var(--quiet); font-size: 13px; }
.measures thead th:first-child, .measures th[scope=rowgroup] { padding-left: 0; text-align: left; white-space: normal; }
.measures th[scope=row] { text-align: left; color: var(--quiet); }
.measures tbody tr:first-child > * { border-top: 1px solid var(--rule); }
.measures td:nth-last-child(2) { font-weight: 650; }
.measures td:last-child { color: var(--quiet); }
.measures .bar-cell { width: 34%; vertical-align: middle; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)); gap: 14px 20px; padding: 18px 28px 22px; }
.hero + .facts { border-top: 1px solid var(--rule); }
.facts div { display: flex; flex-direction: column; justify-content: flex-end; }
.facts dt { color: var(--quiet); font-size: 13px; line-height: 1.3; }
.facts dd { font-size: 17px; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }

details { margin-top: 16px; }
summary { padding: 12px 20px; cursor: pointer; font-weight: 500; }
summary:focus-visible, .drawing:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.values { columns: 2; column-gap: 40px; padding: 0 20px 20px; font-size: 13px; }
.values table { width: 100%; break-inside: avoid; border-collapse: collapse; table-layout: fixed; }
.values caption { padding: 14px 0 6px; text-align: left; font-size: 15px; font-weight: 650; }
.values th, .values td { padding: 4px 0; border-top: 1px solid var(--faint); text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
.values th { width: 54%; padding-right: 16px; color: var(--quiet); }
pre { padding: 16px 20px; overflow-x: auto; font-size: 14px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre + .note { margin-top: 12px; }

.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.charts > :first-child:nth-last-child(odd) { grid-column: 1 / -1; }
.charts.small { grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); margin-top: 16px; }
.charts.small > .chart { grid-column: auto; }
.charts:empty { display: none; }
.charts + .missing { margin-top: 16px; }
.chart { display: flex; flex-direction: column; padding: 18px 20px 14px; }
.chart .note { margin-top: 2px; font-size: 13.5px; }
.key { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 14px; font-size: 13.5px; color: var(--quiet); }
.key li { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
.key b { color: var(--ink); font-weight: 650; }
.swatch { flex: none; width: 18px; height: 8px; }
.swatch path { fill: none; stroke-width: 3; }
.plot { display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); column-gap: 10px; margin-top: auto; padding: 6px 10px 0 0; font-size: 12px; color: var(--quiet); }
.y-labels, .drawing, .x-labels { position: relative; }
.y-labels span { position: absolute; right: 0; transform: translateY(-50%); white-space: nowrap; line-height: 1; }
.drawing { height: 210px; touch-action: pan-y; cursor: crosshair; }
.small .drawing { height: 130px; }
.drawing svg { display: block; width: 100%; height: 100%; overflow: visible; }
.drawing path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.drawing .grid { stroke: var(--rule); stroke-width: 1; stroke-linecap: butt; }
.drawing .base { stroke: var(--quiet); }
.reference { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4; stroke-linecap: butt; }
.swatch.reference { stroke: none; stroke-dasharray: none; }
.swatch.reference path { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4; }
.ink { stroke: var(--ink); } .blue { stroke: var(--blue); } .amber { stroke: var(--amber); }
.green { stroke: var(--green); } .ruby { stroke: var(--ruby); } .violet { stroke: var(--violet); }
.dashed { stroke-dasharray: 7 5; }
.swatch.dashed path { stroke-dasharray: 5 6; }
.drawing .raw { stroke-width: 1; opacity: .28; }
.drawing .trend { stroke-width: 2.25; }
.drawing .marker { stroke-width: 8; }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--ink); pointer-events: none; }
.x-labels { grid-column: 2; height: 40px; }
.x-labels span { position: absolute; top: 7px; transform: translateX(-50%); white-space: nowrap; line-height: 1; }
.x-labels em { position: absolute; right: 0; bottom: 2px; font-style: normal; line-height: 1; }
.reading .x-labels em { color: var(--ink); font-weight: 650; }

.legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(136px, 1fr)); gap: 6px 16px; margin-bottom: 20px; font-size: 14px; }
.legend li { display: inline-flex; align-items: center; gap: 8px; overflow-wrap: anywhere; }
.legend span { flex: none; width: 14px; height: 14px; border: 1px solid color-mix(in srgb, var(--ink) 25%, transparent); }
.examples { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.example, .query { padding: 18px 20px; }
.caption { overflow-wrap: anywhere; line-height: 1.4; }
.example .caption { margin-bottom: 12px; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; }
img, .no-picture { display: block; width: 100%; height: auto; background: var(--faint); }
.map { image-rendering: pixelated; }
.no-picture { display: grid; place-items: center; aspect-ratio: 1; border: 1px dashed var(--rule); color: var(--quiet); font-size: 12px; text-align: center; }
figcaption { overflow-wrap: anywhere; }
.tiles figcaption, .words figcaption { margin-top: 4px; font-size: 13px; line-height: 1.3; color: var(--quiet); }
.words { margin-top: 14px; padding-top: 14px; border-top: 1px solid var(--rule); }
.queries { display: grid; gap: 16px; }
.query { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); gap: 16px 28px; align-items: center; }
.asked { display: grid; grid-template-columns: 96px minmax(0, 1fr); gap: 16px; align-items: center; }
.outcome { margin-top: 4px; font-size: 14px; color: var(--quiet); }
.found { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 12px; }
.found li > span { display: flex; align-items: center; justify-content: center; gap: 5px; margin-top: 7px; font-size: 13px; color: var(--quiet); line-height: 1.2; }
.found .correct img, .found .correct .no-picture { outline: 3px solid var(--green); outline-offset: 2px; }
.found .correct > span { color: var(--green); font-weight: 650; }
.tick { width: 12px; height: 12px; }
.tick path { fill: none; stroke: currentColor; stroke-width: 2.2; }
footer { margin-top: 72px; padding-bottom: 48px; color: var(--quiet); font-size: 14px; }

@media (max-width: 860px) {
  .scores, .charts, .charts.small, .examples, .query { grid-template-columns: minmax(0, 1fr); }
  .values { columns: 1; }
  .small .drawing { height: 150px; }
}
@media (max-width: 560px) {
  main, footer { padding: 0 16px; }
  section { margin-top: 48px; }
  .top { gap: 18px; padding-top: 28px; align-items: flex-start; }
  .mark { width: 46px; height: 66px; }
  .verdict { font-size: 16px; }
  .hero { padding: 20px 16px; }
  .facts { padding: 16px; }
  .chart, .example, .query { padding: 16px; }
  .measures { padding: 4px 14px; font-size: 14px; }
  .measures .bar-cell { display: none; }
  .measures th, .measures td { padding-left: 10px; }
  .example .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .example .words { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .asked { grid-template-columns: 72px minmax(0, 1fr); }
  .found { gap: 10px; }
  .found li > span { font-size: 12px; gap: 3px; }
  .tick { width: 10px; height: 10px; }
  .drawing { height: 190px; }
}
@media print {
  :root { --paper: #ffffff; }
  section { margin-top: 32px; }
  .chart, .example, .query, .overview { break-inside: avoid; }
}
`;
