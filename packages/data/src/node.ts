export { findFiles } from './find-files.ts';
export { decodeImage } from './images/decode-image.ts';
export { type DecodedLike, decodeWithSharp } from './images/decode-with-sharp.ts';
export { openSource } from './open-source.ts';
export { type FilePool, filePool } from './shards/file-reader.ts';
