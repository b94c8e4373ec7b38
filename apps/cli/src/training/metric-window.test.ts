import { expect, it } from 'vitest';
import { addStep, emptyWindow, windowMeans } from './metric-window.ts';

it('gives the mean over the steps since it was empty', () => {
  const window = addStep(addStep(emptyWindow, { loss: 3, norm: 1 }), { loss: 5, norm: 2 });
  expect(windowMeans(window)).toEqual({ loss: 4, norm: 1.5 });
  expect(emptyWindow.steps).toBe(0);
});

it('is the same after it went through a file', () => {
  const window = addStep(addStep(emptyWindow, { loss: 0.1 }), { loss: 0.2 });
  const kept = JSON.parse(JSON.stringify(window));
  expect(windowMeans(addStep(kept, { loss: 1 / 3 }))).toEqual(windowMeans(addStep(window, { loss: 1 / 3 })));
});
