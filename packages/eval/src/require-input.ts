import type { Tensor } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';

/**
 * Throws unless `tensor` has the shape (a number is a length that must be met, a word names a free one), and no axis is empty.
 *
 * @throws `shape-mismatch` or `missing-data`
 * @example requireShape('knn', 'train', train, ['n', 'D'])
 */
export function requireShape(where: string, name: string, tensor: Tensor, shape: readonly (number | string)[]): void {
  const came = `[${tensor.shape.join(', ')}] came`;
  const fits = tensor.rank === shape.length && shape.every((want, i) => typeof want === 'string' || want === tensor.shape[i]);
  if (!fits) throw new VitrailError('shape-mismatch', `${where}: ${name} is [${shape.join(', ')}], but ${came}`);
  if (tensor.size === 0) {
    throw new VitrailError('missing-data', `${where}: ${name} needs at least one number along every axis, but ${came}`);
  }
}

/**
 * The numbers of tensors, by name, after checking that every one is finite. They are read together: a device is waited for once.
 *
 * @throws `non-finite`
 * @example const { train } = await finiteValues('knn', { train })
 */
export async function finiteValues<Name extends string>(
  where: string,
  tensors: Readonly<Record<Name, Tensor>>,
): Promise<Readonly<Record<Name, Float32Array>>> {
  const entries = Object.entries<Tensor>(tensors);
  const read = await Promise.all(entries.map(async ([name, tensor]) => [name, await tensor.data<'float32'>()] as const));
  for (const [i, [name, values]] of read.entries()) {
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) continue;
    const row = Math.floor(wrong / (entries[i][1].shape.at(-1) ?? 1));
    throw new VitrailError(
      'non-finite',
      `${where}: ${name} has ${values[wrong]} in row ${row}; features must be finite (did training diverge?)`,
    );
  }
  return Object.fromEntries(read) as Record<Name, Float32Array>;
}

/** Throws unless there are `length` labels (any number when it is left out), each a whole number in `[0, classCount)`. */
export function requireLabels(
  where: string,
  name: string,
  labels: ArrayLike<number>,
  { classCount, length = labels.length }: { classCount: number; length?: number },
): void {
  if (labels.length !== length) {
    throw new VitrailError('shape-mismatch', `${where}: ${name} has one label for each of ${length}, but ${labels.length} came`);
  }
  for (let i = 0; i < length; i++) requireLabel(where, `${name}[${i}]`, labels[i], classCount);
}

/** Throws `invalid-argument` unless `label` is a whole number in `[0, classCount)`. */
export function requireLabel(where: string, name: string, label: number, classCount: number): void {
  if (!(Number.isInteger(label) && label >= 0 && label < classCount)) {
    throw new VitrailError(
      'invalid-argument',
      `${where}: ${name} is ${label}, but labels are whole numbers from 0 to ${classCount - 1}`,
    );
  }
}

/** Throws `invalid-argument` unless `value` is a whole number of at least 1. */
export function requireCount(where: string, name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1)) {
    throw new VitrailError('invalid-argument', `${where}: ${name} is a whole number of at least 1, but ${value} came`);
  }
}

/** Throws `invalid-argument` unless `value` is a finite number above 0. */
export function requirePositive(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) {
    throw new VitrailError('invalid-argument', `${where}: ${name} is a finite number above 0, but ${value} came`);
  }
}
