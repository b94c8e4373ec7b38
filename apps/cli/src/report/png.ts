import { deflateSync } from 'node:zlib';
import { VitrailError } from '@vitrail/core';

/**
 * A PNG file (8-bit sRGB, PNG specification, third edition).
 *
 * @param rgb `[height * width * 3]`, row-major, in 0..255.
 * @param scale every pixel becomes a square of this many, so that small maps stay crisp wherever the page is shown.
 * @throws `invalid-argument` when the size is not a positive whole number or does not match the bytes.
 */
export function pngFile(rgb: Uint8Array, width: number, height: number, scale = 1): Uint8Array {
  if (![width, height, scale].every((size) => Number.isInteger(size) && size > 0) || rgb.length !== 3 * width * height) {
    throw new VitrailError(
      'invalid-argument',
      `a picture of ${width} x ${height} pixels at scale ${scale} needs whole positive sizes and ${3 * width * height} bytes, got ${rgb.length}`,
    );
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width * scale, 0);
  header.writeUInt32BE(height * scale, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, adaptive filters, not interlaced
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filteredRows(rgb, width, height, scale), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The file that {@link pngFile} makes, as a `data:image/png;base64,` URI. */
export function encodePng(rgb: Uint8Array, width: number, height: number, scale = 1): string {
  return `data:image/png;base64,${Buffer.from(pngFile(rgb, width, height, scale)).toString('base64')}`;
}

/** Rows as differences: to the pixel on the left for the first row of a square, to the row above (all zero) for its copies. */
function filteredRows(rgb: Uint8Array, width: number, height: number, scale: number): Uint8Array {
  const LEFT = 1;
  const ABOVE = 2;
  const stride = 1 + 3 * width * scale;
  const rows = new Uint8Array(stride * height * scale);
  for (let y = 0; y < height; y++) {
    const start = y * scale * stride;
    rows[start] = LEFT;
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const at = 3 * (y * width + x) + channel;
        rows[start + 1 + 3 * x * scale + channel] = rgb[at] - (x === 0 ? 0 : rgb[at - 3]);
      }
    }
    for (let copy = 1; copy < scale; copy++) rows[start + copy * stride] = ABOVE;
  }
  return rows;
}

function chunk(type: string, content: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}

// node:zlib has crc32 only from Node 22 on.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
