export { classColors } from './class-colors.ts';
export { colorBlindDistance, colorDistance, oklch, type Rgb } from './oklab.ts';
export { paintHeatMap } from './paint-heat-map.ts';
export { overlayLabels, paintLabels } from './paint-labels.ts';
