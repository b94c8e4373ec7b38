/**
 * The page's only script, in plain browser JavaScript: while the pointer is over a chart, its legend shows the values at that step instead
 * of the latest. The page reads the same without it.
 */
export const hoverScript = `
for (const chart of document.querySelectorAll('[data-chart]')) {
  const { low, high, curves } = JSON.parse(chart.dataset.chart);
  const drawing = chart.querySelector('.drawing');
  const cursor = chart.querySelector('.cursor');
  const unit = chart.querySelector('.x-labels em');
  const values = [...chart.querySelectorAll('[data-value]')];
  const latest = values.map((value) => value.textContent);
  const nearest = (curve, step) => curve.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
  const show = (event) => {
    const box = drawing.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const step = low + share * (high - low);
    const points = curves.map((curve) => nearest(curve, step));
    const at = points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best))[0];
    values.forEach((value, i) => { value.textContent = points[i][1]; });
    cursor.style.left = (100 * (at - low)) / (high - low) + '%';
    cursor.hidden = false;
    unit.textContent = 'step ' + at.toLocaleString('en-US');
    chart.classList.add('reading');
  };
  const leave = () => {
    values.forEach((value, i) => { value.textContent = latest[i]; });
    cursor.hidden = true;
    unit.textContent = 'step';
    chart.classList.remove('reading');
  };
  drawing.addEventListener('pointermove', show);
  drawing.addEventListener('pointerdown', show);
  drawing.addEventListener('pointerleave', leave);
}
`;
