import { expect, it } from 'vitest';
import { pictureSize } from '../src/pictures/picture-size.ts';

const bytes = (...parts: (string | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)));

/** 640 by 480 pixels, as each format's specification writes them. */
const files = {
  png: bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', [0, 0, 0x02, 0x80, 0, 0, 0x01, 0xe0, 8, 2, 0, 0, 0]),
  gif: bytes('GIF89a', [0x80, 0x02, 0xe0, 0x01]),
  'bmp, rows from the top': bytes('BM', Array(16).fill(0), [0x80, 0x02, 0, 0, 0x20, 0xfe, 0xff, 0xff]),
  // A segment of metadata, a Huffman table (0xffc4, no frame), then a progressive frame (0xffc2).
  jpeg: bytes([0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xc4, 0, 3, 0, 0xff, 0xc2, 0, 17, 8, 0x01, 0xe0, 0x02, 0x80, 3]),
  'webp, lossy': bytes('RIFF....WEBPVP8 ....', [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0xe0, 0x01]),
  // 14 bits of 639, then 14 bits of 479: 639 | 479 << 14.
  'webp, lossless': bytes('RIFF....WEBPVP8L....', [0x2f, 0x7f, 0xc2, 0x77, 0x00]),
  'webp, extended': bytes('RIFF....WEBPVP8X....', [0, 0, 0, 0, 0x7f, 0x02, 0, 0xdf, 0x01, 0]),
};

it.each(Object.entries(files))('reads the size of a %s file, so that none too large is decoded', (_, file) => {
  expect(pictureSize(file)).toEqual({ width: 640, height: 480 });
});

it.each(Object.entries(files))('knows no size of a %s file that is cut off', (_, file) => {
  for (let length = 0; length < 10; length++) expect(pictureSize(file.subarray(0, length))).toBeUndefined();
});

it('knows no size of a text', () => {
  expect(pictureSize(bytes('Dear Sir or Madam, we write to you about a picture.'))).toBeUndefined();
});
