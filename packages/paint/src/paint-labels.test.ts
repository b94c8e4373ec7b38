import { expect, test } from 'vitest';
import { overlayLabels, paintLabels } from './paint-labels.ts';

const colors = [
  [10, 20, 30],
  [200, 100, 0],
] as const;

test('every pixel has the colour of its label', () => {
  expect([...paintLabels(Uint8Array.of(1, 0), colors as never)]).toEqual([200, 100, 0, 10, 20, 30]);
});

test('an overlay is the picture at opacity 0, the colours at 1, and between them as far as it says', () => {
  const picture = Uint8Array.of(100, 0, 200);
  const over = (opacity?: number) => [...overlayLabels(picture, Uint8Array.of(1), colors as never, opacity)];
  expect(over(0)).toEqual([...picture]);
  expect(over(1)).toEqual([200, 100, 0]);
  expect(over()).toEqual([150, 50, 100]);
  expect(over(0.25)).toEqual([125, 25, 150]);
});
