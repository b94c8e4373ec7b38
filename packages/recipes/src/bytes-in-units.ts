/**
 * Bytes for people, in the unit of 1024s that suits: two digits below 10.
 *
 * @param bytes at least 0
 * @example bytesInUnits(12 * 2 ** 20) // '12 MiB'
 */
export function bytesInUnits(bytes: number): string {
  const [size, unit] = bytes < 2 ** 20 ? [2 ** 10, 'KiB'] : bytes < 2 ** 30 ? [2 ** 20, 'MiB'] : [2 ** 30, 'GiB'];
  const amount = bytes / size;
  return `${amount < 10 ? amount.toFixed(1) : amount.toFixed(0)} ${unit}`;
}
