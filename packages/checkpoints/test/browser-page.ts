import { type ByteSource, blobSource, httpSource, openTensorFile } from '../src/index.ts';

/** What the page reads of a file, from its URL and as a `Blob`: the bytes of the values of every tensor in hexadecimal, by name. */
export type PageReport = { fromUrl: Record<string, string>; fromBlob: Record<string, string> };

async function report(url: string): Promise<PageReport> {
  const blob = await (await fetch(url.replace('/ranges/', '/ignores/'))).blob();
  return { fromUrl: await values(await httpSource(url)), fromBlob: await values(blobSource(blob)) };
}

/** The code of the error that a URL gives. */
async function failure(url: string): Promise<unknown> {
  return await httpSource(url).then(
    () => 'none',
    ({ code }: { code: unknown }) => code,
  );
}

async function values(source: ByteSource): Promise<Record<string, string>> {
  const file = await openTensorFile(source);
  const read: Record<string, string> = {};
  for (const name of Object.keys(file.tensors)) {
    const { values } = await file.read(name);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    read[name] = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return read;
}

Object.assign(globalThis, { report, failure });
