import { expect, test } from 'vitest';
import { type ByteSource, bytesSource, encodeNpz, encodeSafetensors, openTensorFile, type TensorData } from '../src/index.ts';

const large: TensorData = { dtype: 'F32', shape: [500, 500], values: new Float32Array(250_000).fill(1) };
const tensors: Record<string, TensorData> = {
  large,
  small: { dtype: 'F32', shape: [100], values: new Float32Array(100).fill(2) },
};

// Looking at one tensor of a file of gigabytes would read all of it.
test.each([
  ['safetensors', encodeSafetensors(tensors), 400, 400],
  ['npz', encodeNpz(tensors), 75_000, 5000],
])('of %s only the table of contents and the tensor are read', async (_, bytes, most, mostOfTensor) => {
  let read = 0;
  const whole = bytesSource(bytes, 'file');
  const source: ByteSource = {
    ...whole,
    read(begin, end) {
      read += end - begin;
      return whole.read(begin, end);
    },
  };
  const file = await openTensorFile(source);
  expect(read).toBeLessThanOrEqual(most);
  read = 0;
  expect((await file.read('small')).values[99]).toBe(2);
  expect(read).toBeLessThanOrEqual(mostOfTensor);
});
