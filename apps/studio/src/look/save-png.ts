import { layerOf, possibleView } from './layers.ts';
import { places } from './look-models.ts';
import type { Result } from './look-results.ts';
import { opacity, type View, view, wordShown } from './look-settings.ts';
import { cosineText, nearestWords, patchAt } from './picked-patch.ts';
import { percentOf, wordShares } from './readings.tsx';

/** Sizes in the saved picture, in pixels. */
const SIDE = 1024;
const MARGIN = 32;
const LINE = 34;
const FONT = '22px system-ui, sans-serif';

/** Saves the large pictures, with what lies over them and the legend of each, as a file of the user's. */
export async function savePng(results: readonly Result[]): Promise<void> {
  const columns = results.map(columnOf);
  const width = columns.reduce((sum, column) => sum + column.width + MARGIN, MARGIN);
  const height = Math.max(...columns.map((column) => column.height + LINE * (1 + column.lines.length))) + 3 * MARGIN;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  let left = MARGIN;
  for (const column of columns) {
    drawColumn(context, column, left);
    left += column.width + MARGIN;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await canvas.convertToBlob());
  link.download = `vitrail-${results[0].picture.title
    .replace(/\.\w+$/, '')
    .replaceAll(/\W+/g, '-')
    .toLowerCase()}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

type Line = { readonly text: string; readonly color?: string };
type Column = {
  readonly result: Result;
  readonly view: View;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
};

function columnOf(result: Result): Column {
  const { width, height } = result.picture.bitmap;
  const scale = SIDE / Math.max(width, height);
  const shown = possibleView(result, view.value);
  return {
    result,
    view: shown,
    width: Math.max(320, Math.round(width * scale)),
    height: Math.round(height * scale),
    lines: legendOf(result, shown),
  };
}

function legendOf(result: Result, shown: View): readonly Line[] {
  const { look, request } = result;
  const colored = (index: number, value: string): Line => ({
    text: `${request.words[index]}  ${value}`,
    color: `rgb(${look.colors[index].join(' ')})`,
  });
  if (shown === 'components') return [{ text: 'Principal components of the patches' }];
  if (shown === 'heat-map') {
    const word = Math.min(wordShown.value, request.words.length - 1);
    return [{ text: `Where “${request.words[word]}” is: dark least, light most` }];
  }
  if (shown === 'segmentation') return wordShares(result).map((share, index) => colored(index, percentOf(share)));
  const nearest = nearestWords(result, patchAt(look)).slice(0, 5);
  return [
    { text: 'What is like the marked patch: dark least, light most' },
    ...nearest.map(({ index, cosine }) => colored(index, cosineText(cosine))),
  ];
}

function drawColumn(
  context: OffscreenCanvasRenderingContext2D,
  { result, view, width, height, lines }: Column,
  left: number,
): void {
  const { look, picture } = result;
  const patch = patchAt(look);
  const layer = layerOf(result, view, { word: wordShown.value, patch });
  const small = new OffscreenCanvas(layer.pixels.width, layer.pixels.height);
  small.getContext('2d')!.putImageData(layer.pixels, 0, 0);
  context.imageSmoothingQuality = 'high';
  if (layer.isHeatMap) context.filter = 'grayscale(1)';
  context.drawImage(picture.bitmap, left, MARGIN, width, height);
  context.filter = 'none';
  context.globalAlpha = opacity.value;
  context.drawImage(small, left, MARGIN, width, height);
  context.globalAlpha = 1;
  if (view === 'patch') {
    const [across, down] = [width / look.columns, height / look.rows];
    context.lineWidth = 4;
    context.strokeStyle = '#fff';
    context.strokeRect(left + (patch % look.columns) * across, MARGIN + Math.floor(patch / look.columns) * down, across, down);
  }
  context.font = FONT;
  context.textBaseline = 'middle';
  let top = MARGIN + height + LINE;
  for (const { text, color } of lines) {
    if (color) {
      context.fillStyle = color;
      context.fillRect(left, top - 11, 22, 22);
    }
    context.fillStyle = '#171a21';
    context.fillText(text, left + (color ? 34 : 0), top, width);
    top += LINE;
  }
  context.fillStyle = '#596072';
  const place = Object.values(places).find(({ value }) => value.card === result.card);
  context.fillText(`${place?.value.source?.name ?? ''}, ${look.rows} × ${look.columns} patches`, left, top, width);
}
