import { maskedCrc32c } from './crc32c.ts';

/** What one record of a TensorBoard file says. */
export type TensorBoardEvent = {
  /** Seconds since 1970. */
  wallTime: number;
  /** Steps done. */
  step: number;
} & ({ fileVersion: string } | { sessionStart: true } | { scalars: Readonly<Record<string, number>> });

/**
 * One record of an `events.out.tfevents` file: a protocol buffer `Event` in TFRecord framing (length as uint64, its masked CRC-32C, the
 * event, its masked CRC-32C; all little-endian).
 *
 * @see tensorboard/compat/proto/event.proto and summary.proto for the field numbers; tensorflow/core/lib/io/record_writer.h for the framing
 * @example encodeEvent({ wallTime: 0, step: 0, fileVersion: 'brain.Event:2' }).length // 40
 */
export function encodeEvent(event: TensorBoardEvent): Uint8Array {
  const length = new Uint8Array(8);
  const data = eventMessage(event);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return joined([length, checksum(length), data, checksum(data)]);
}

function eventMessage(event: TensorBoardEvent): Uint8Array {
  const head = [double(1, event.wallTime), ...(event.step === 0 ? [] : [varint(2, event.step)])];
  if ('fileVersion' in event) return joined([...head, text(3, event.fileVersion)]);
  // SessionLog { status: START }
  if ('sessionStart' in event) return joined([...head, bytes(7, varint(1, 1))]);
  const values = Object.entries(event.scalars).map(([tag, value]) => bytes(1, joined([text(1, tag), float(2, value)])));
  return joined([...head, bytes(5, joined(values))]);
}

function checksum(data: Uint8Array): Uint8Array {
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, maskedCrc32c(data), true);
  return sum;
}

function double(field: number, value: number): Uint8Array {
  const encoded = new Uint8Array(9);
  encoded[0] = (field << 3) | 1;
  new DataView(encoded.buffer).setFloat64(1, value, true);
  return encoded;
}

function float(field: number, value: number): Uint8Array {
  const encoded = new Uint8Array(5);
  encoded[0] = (field << 3) | 5;
  new DataView(encoded.buffer).setFloat32(1, value, true);
  return encoded;
}

function varint(field: number, value: number): Uint8Array {
  return Uint8Array.of(field << 3, ...baseVarint(value));
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return joined([Uint8Array.of((field << 3) | 2, ...baseVarint(content.length)), content]);
}

/** Base 128, lowest digit first; by division, since numbers may be longer than 32 bits. */
function baseVarint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...baseVarint(Math.floor(value / 128))];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
