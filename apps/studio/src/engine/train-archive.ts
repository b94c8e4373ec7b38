const block = 512;

/**
 * Files as a tar archive (POSIX ustar).
 *
 * @param files content by path; paths of up to 100 bytes
 * @example tarArchive({ 'run/state.json': '{}' }).size // 2048
 */
export function tarArchive(files: Readonly<Record<string, Uint8Array | string>>): Blob {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return [tarHeader(path, bytes.length), bytes, new Uint8Array((block - (bytes.length % block)) % block)];
  });
  return new Blob([...parts, new Uint8Array(2 * block)] as Uint8Array<ArrayBuffer>[], { type: 'application/x-tar' });
}

function tarHeader(path: string, size: number): Uint8Array {
  const header = new Uint8Array(block);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  put(0, path);
  put(100, `${octal(0o644, 7)}${octal(0, 7)}${octal(0, 7)}${octal(size, 11)}${octal(Math.floor(Date.now() / 1000), 11)}`);
  put(148, ' '.repeat(8));
  put(156, '0ustar\0' + '00');
  put(
    148,
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
  );
  return header;
}
