import { expect, test } from 'vitest';
import records from '../fixtures/events.json' with { type: 'json' };
import { encodeEvent } from './event-record.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// TensorBoard stops reading a file at the first record whose checksum does not fit.
test.each([
  ['version', { wallTime: 1700000000.25, step: 0, fileVersion: 'brain.Event:2' }],
  ['start', { wallTime: 1700000000.5, step: 300, sessionStart: true }],
  // A step of more than 32 bits, a name outside ASCII, a number that float32 rounds.
  ['scalars', { wallTime: 1700000001.125, step: 5_000_000_000, scalars: { 'train/loss': 3.2146, 'train/grün': -0.5 } }],
  // More than 127 bytes: lengths of two digits.
  [
    'long',
    {
      wallTime: 1700000002,
      step: 127,
      scalars: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`train/loss/${String(i).padStart(2, '0')}`, i / 7])),
    },
  ],
] as const)('%s is byte for byte what TensorBoard’s package writes', (name, event) => {
  expect(hex(encodeEvent(event))).toBe(records[name]);
});
