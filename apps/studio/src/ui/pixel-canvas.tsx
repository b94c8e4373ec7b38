import { useLayoutEffect, useRef } from 'preact/hooks';

/** Pixels as they are, which style sheets enlarge. */
export function PixelCanvas({
  pixels,
  ...rest
}: {
  readonly pixels: ImageData;
  readonly class?: string;
  readonly style?: { opacity: number };
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(pixels, 0, 0);
  }, [pixels]);
  return <canvas ref={canvas} width={pixels.width} height={pixels.height} {...rest} />;
}

/** A picture, in no more pixels than `largestSide`. */
export function PictureCanvas({
  bitmap,
  largestSide,
  ...rest
}: {
  readonly bitmap: ImageBitmap;
  readonly largestSide: number;
  readonly class?: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scale = Math.min(1, largestSide / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
  }, [bitmap, width, height]);
  return <canvas ref={canvas} width={width} height={height} {...rest} />;
}
