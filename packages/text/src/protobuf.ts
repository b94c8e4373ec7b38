import { VitrailError } from '@vitrail/core';

/** A field of a message: whole numbers, four bytes of a float, or bytes (texts and messages inside). Eight-byte fields are stepped over. */
export type ProtobufField = { readonly number: number } & (
  | { readonly type: 'varint'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
);

/**
 * The fields of a Protocol Buffers message, in the order of the bytes. Nothing is copied, and no length is believed that leaves the message.
 *
 * @param what names the message in errors
 * @throws `corrupt-data` where the bytes end inside of a field, or have a wire type that is none
 * @see https://protobuf.dev/programming-guides/encoding
 */
export function* protobufFields(bytes: Uint8Array, what: string): Generator<ProtobufField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const corrupt = (why: string) => new VitrailError('corrupt-data', `${what}: ${why} at byte ${at} of ${bytes.length}`);
  const take = (length: number): number => {
    if (length > bytes.length - at) throw corrupt(`a field of ${length} bytes does not fit`);
    at += length;
    return at - length;
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[take(1)];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw corrupt('a number has more than ten bytes');
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (number === 0) throw corrupt('a field has the number 0');
    switch (key % 8) {
      case 0:
        yield { number, type: 'varint', value: varint() };
        break;
      case 1:
        take(8);
        break;
      case 2: {
        const length = varint();
        const start = take(length);
        yield { number, type: 'bytes', value: bytes.subarray(start, start + length) };
        break;
      }
      case 5:
        yield { number, type: 'float', value: view.getFloat32(take(4), true) };
        break;
      default:
        throw corrupt(`a field has the wire type ${key % 8}`);
    }
  }
}
