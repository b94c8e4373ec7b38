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

/** A picture as it is, which style sheets scale. */
export function PictureCanvas({ bitmap, ...rest }: { readonly bitmap: ImageBitmap; readonly class?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    canvas.current?.getContext('2d')?.drawImage(bitmap, 0, 0);
  }, [bitmap]);
  return <canvas ref={canvas} width={bitmap.width} height={bitmap.height} {...rest} />;
}
