import { VitrailError } from '@vitrail/core';
import {
  type BadSample,
  blobReader,
  folderSource,
  type ImageDecoder,
  openShards,
  type RgbImage,
  type Sample,
  type SampleSource,
  sceneSource,
} from '@vitrail/data';
import type { RunConfiguration } from '@vitrail/recipes';
import { decodePicture } from '../pictures/decode-picture.ts';
import { type HeldOut, heldOutPicture, heldOutScenes } from './train-held-out.ts';
import type { RunPlan } from './train-plan.ts';

/** Files that a user has picked: those of a folder, or tar shards. Their bytes stay where they are until a sample is read. */
export type PickedFiles = {
  readonly kind: 'folder' | 'shards';
  /** Of the folder, or of the first shard. */
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly file: File }[];
};

/** What training reads, and the picture that it never sees. Closing the source frees all. */
export type TrainingData = {
  readonly source: SampleSource;
  /** The same samples, quickly: with their captions, but without their pictures. */
  readonly captions: SampleSource;
  readonly heldOut: HeldOut;
  /** Another one for other data: a run goes on with what it began with. */
  readonly identity: string;
};

/** Samples that are looked at for a caption before a source is taken to have none, and for one to hold out. */
const lookedAt = 32;

/** Pictures are scaled down to this before crops are cut out of them, in pixels. */
const largestSide = 1024;

/** A picture that nobody looks at. */
const noPicture = { width: 1, height: 1, data: new Uint8Array(3) };

/**
 * Opens the pictures of a plan.
 *
 * @throws `missing-data` when files are wanted and none were picked, as below for those that were
 */
export async function openTrainingData(
  { data }: RunPlan,
  files: PickedFiles | undefined,
  config: RunConfiguration,
): Promise<TrainingData> {
  if (data === 'scenes') return openScenes(config);
  if (files === undefined) throw new VitrailError('missing-data', 'Pick the pictures to learn from first.');
  return openPicked(files, config);
}

/** Drawn scenes as large as the recipe's crops; the pictures that are held out are of the other split. */
async function openScenes({ views }: RunConfiguration): Promise<TrainingData> {
  const source = sceneSource({ count: 100_000, size: Math.max(64, views.globalSize) });
  return { source, captions: source, heldOut: await heldOutScenes(), identity: source.description };
}

/**
 * Opens what a user has picked. The last picture that can be read is held out.
 *
 * @throws `missing-data` when there is no picture, none has a caption where the recipe reads them, or there are fewer than a batch;
 *   `corrupt-data` for a file that is no tar archive, or pictures of which none can be read
 */
async function openPicked(picked: PickedFiles, config: RunConfiguration): Promise<TrainingData> {
  const whole = await openSource(picked, decode);
  try {
    const heldOut = await lastReadable(whole);
    const captions = part(await openSource(picked, async () => noPicture), heldOut.index);
    const source = part(whole, heldOut.index);
    await requireTrainable(source, captions, config);
    const names = picked.files.map(({ path, file }) => `${path} ${file.size}`).sort();
    return {
      source,
      captions,
      heldOut: heldOutPicture(heldOut.sample),
      identity: `${whole.description}, ${fingerprint(names.join('\n'))}`,
    };
  } catch (error) {
    await whole.close();
    throw error;
  }
}

async function openSource({ kind, name, files }: PickedFiles, decode: ImageDecoder): Promise<SampleSource> {
  if (kind === 'folder') {
    const readers = files.map(({ path, file }) => ({ path, reader: blobReader(file) }));
    return folderSource(name, readers, { decode });
  }
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return openShards({ shards: sorted.map(({ path, file }) => ({ name: path, reader: blobReader(file) })), decode });
}

/** A picture that is too large to be opened is left out as one that is damaged. */
async function decode(bytes: Uint8Array): Promise<RgbImage> {
  try {
    return await decodePicture(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/*' }), 'it', largestSide);
  } catch (error) {
    throw new VitrailError('corrupt-data', (error as Error).message, { cause: error });
  }
}

/** The first `size` samples. */
function part(source: SampleSource, size: number): SampleSource {
  return { ...source, size };
}

async function lastReadable(source: SampleSource): Promise<{ index: number; sample: Sample }> {
  let reason = '';
  for (let index = source.size - 1; index >= Math.max(0, source.size - lookedAt); index--) {
    try {
      return { index, sample: await source.read(index) };
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  throw new VitrailError('corrupt-data', `none of the last pictures can be read (${source.description}): ${reason}`);
}

async function requireTrainable(
  source: SampleSource,
  captions: SampleSource,
  { train, captions: read }: RunConfiguration,
): Promise<void> {
  const { size, description } = source;
  if (size < train.batchSize) {
    throw new VitrailError(
      'missing-data',
      `a batch of ${train.batchSize} needs as many pictures, but there are only ${size} to train on besides the one that is held out ` +
        `(${description}): ${size > 0 ? `take a batch of at most ${size}` : 'pick more pictures'}`,
    );
  }
  if (read === undefined) return;
  for (let index = 0; index < Math.min(size, lookedAt); index++) {
    const sample = await captions.read(index).catch(() => undefined);
    if (sample !== undefined && Object.keys(sample.captions).length > 0) return;
  }
  throw new VitrailError(
    'missing-data',
    `the first pictures have no caption to learn from (${description}): put a .txt or .json of the same name beside each, ` +
      'or choose a recipe of pictures alone (mae, simmim, dino, ibot)',
  );
}

/** Samples that were left out, counted, with the latest of them. */
export type BadSamples = { readonly count: number; readonly latest: readonly string[] };

/** One more of them. */
export function withBad({ count, latest }: BadSamples, { key, reason }: BadSample): BadSamples {
  const told = reason.includes(key) ? reason : `${key}: ${reason}`;
  return { count: count + 1, latest: [told, ...latest.filter((other) => other !== told)].slice(0, 5) };
}

/** FNV-1a of a text, in hexadecimal. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
