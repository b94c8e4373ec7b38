/** Width and height of a picture, in pixels, as its file says, before it is turned by its EXIF orientation. */
export type PictureSize = { readonly width: number; readonly height: number };

/** Of a file, what is read to find the size: a JPEG has it behind its metadata. */
export const SIZE_BYTES = 1 << 20;

/**
 * The size that the beginning of a PNG, JPEG, GIF, WebP or BMP file tells, without decoding any of it; `undefined` for other files.
 *
 * @example pictureSize(new Uint8Array(await blob.slice(0, SIZE_BYTES).arrayBuffer())) // { width: 640, height: 480 }
 */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  try {
    if (text(1, 3) === 'PNG') return { width: view.getUint32(16), height: view.getUint32(20) };
    if (text(0, 3) === 'GIF') return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (text(0, 2) === 'BM') return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
    if (text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') return webpSize(view, text(12, 4));
    if (view.getUint16(0) === 0xffd8) return jpegSize(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // Cut off before its size.
  }
  return undefined;
}

/** @see RFC 9649, sections 2.5 to 2.7 */
function webpSize(view: DataView, kind: string): PictureSize | undefined {
  const uint24 = (at: number) => view.getUint16(at, true) + 65536 * view.getUint8(at + 2);
  if (kind === 'VP8X') return { width: 1 + uint24(24), height: 1 + uint24(27) };
  if (kind === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind !== 'VP8L') return undefined;
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** From the start-of-frame segment; SOF4, SOF8 and SOF12 are other segments. */
function jpegSize(view: DataView): PictureSize | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
  }
  return undefined;
}
