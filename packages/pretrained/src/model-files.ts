import { type ByteSource, openShardedSafetensors, openTensorFile, type TensorFile } from '@vitrail/checkpoints';
import { VitrailError } from '@vitrail/core';
import { mergeTensorFiles } from './merge-tensor-files.ts';

/** More than any configuration or tokenizer has: a forged size cannot fill the memory. */
const LARGEST_TEXT = 256 << 20;

/** What transformers, open_clip and Vitrail call the one file of a model's weights, the preferred first. */
const ownNames = [
  'model.safetensors',
  'open_clip_model.safetensors',
  'pytorch_model.bin',
  'open_clip_pytorch_model.bin',
] as const;

/** 49,408 ids without the two sets of 256 bytes, the start and the end token. */
const CLIP_MERGES = 48_894;

/** The files of one model, by what they are. */
export type ModelFiles = {
  readonly weights: TensorFile;
  /** The parsed files of these names, where they are among the files. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly preprocessor?: Readonly<Record<string, unknown>>;
  readonly tokenizer?: Readonly<Record<string, unknown>>;
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
  /** The bytes of a SentencePiece `tokenizer.model`. */
  readonly sentencePiece?: Uint8Array;
  /** The merges of CLIP's `merges.txt` or `bpe_simple_vocab_16e6.txt.gz`. */
  readonly merges?: readonly string[];
};

/**
 * Opens the files of one model: their tables of contents, configurations and tokenizers, but no weights.
 *
 * Weights are the shards that `model.safetensors.index.json` names; or else the file that libraries call the model's (`model.safetensors`,
 * `pytorch_model.bin`), whatever lies beside it (an optimizer's state); or else all `.safetensors` files, or all `.npz`, or all `.pt`, `.pth`
 * and `.bin` files together. Files that are none of this (a README, a license) are passed over.
 *
 * @param sources known by the last part of their names
 * @throws `missing-data` without weights; `corrupt-data` for damaged files; `invalid-argument` when two weight files hold the same tensor
 */
export async function openModelFiles(sources: readonly ByteSource[]): Promise<ModelFiles> {
  const named = (...names: readonly string[]) => sources.find((source) => names.includes(baseName(source)));
  const own = ownNames.find((name) => named(name) !== undefined);
  const isSharded = sources.some(isIndex);
  // Many folders hold a model in both forms: the configuration is that of the weights.
  const [first, second] =
    !isSharded && own?.startsWith('open_clip')
      ? ['open_clip_config.json', 'config.json']
      : ['config.json', 'open_clip_config.json'];
  const [config, preprocessor, tokenizer, tokenizerConfig] = await Promise.all(
    [
      named(first) ?? named(second),
      named('preprocessor_config.json'),
      named('tokenizer.json'),
      named('tokenizer_config.json'),
    ].map(readJson),
  );
  const pieces = sources.find((source) => /\.(model|spiece)$/.test(baseName(source)));
  const merges = named('merges.txt', 'bpe_simple_vocab_16e6.txt', 'bpe_simple_vocab_16e6.txt.gz');
  return {
    weights: await openWeights(sources),
    config,
    preprocessor,
    tokenizer,
    tokenizerConfig,
    sentencePiece: pieces && (await readWhole(pieces)),
    merges: merges && (await readMerges(merges)),
  };
}

async function openWeights(sources: readonly ByteSource[]): Promise<TensorFile> {
  const index = sources.find(isIndex);
  if (index !== undefined) {
    return openShardedSafetensors(await readJson(index), async (file) => {
      const shard = sources.find((source) => baseName(source) === file);
      if (shard === undefined) {
        throw new VitrailError('missing-data', `${index.name} names the shard ${file}, which is not among the files`);
      }
      return shard;
    });
  }
  const own = ownNames.flatMap((name) => sources.find((source) => baseName(source) === name) ?? []);
  if (own.length > 0) return openTensorFile(own[0]);
  for (const kind of [/\.safetensors$/, /\.npz$/, /\.(pt|pth|bin)$/]) {
    const files = sources.filter((source) => kind.test(baseName(source)));
    if (files.length === 0) continue;
    return mergeTensorFiles(
      await Promise.all(files.map(async (source) => ({ name: source.name, file: await openTensorFile(source) }))),
    );
  }
  const names = sources.map(baseName).join(', ') || 'nothing';
  throw new VitrailError(
    'missing-data',
    `a model has its weights in .safetensors, .npz, .pt, .pth or .bin files, but there is ${names}`,
  );
}

/** What CLIP uses of the file: the lines after the first, not more than its vocabulary has room for. */
async function readMerges(source: ByteSource): Promise<readonly string[]> {
  const bytes = await readWhole(source);
  const text = baseName(source).endsWith('.gz') ? await gunzip(source, bytes) : new TextDecoder().decode(bytes);
  return text
    .split('\n')
    .slice(1, 1 + CLIP_MERGES)
    .filter((line) => line !== '');
}

async function gunzip({ name }: ByteSource, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  } catch (cause) {
    throw new VitrailError('corrupt-data', `${name} is no gzip file, or was cut: ${(cause as Error).message}`, { cause });
  }
}

async function readJson(source: ByteSource | undefined): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (source === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await readWhole(source)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new VitrailError('corrupt-data', `${source.name} is no JSON: ${cause.message}`, { cause });
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new VitrailError('corrupt-data', `${source.name} holds no JSON object`);
}

function readWhole(source: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
  if (source.size <= LARGEST_TEXT) return source.read(0, source.size);
  throw new VitrailError('corrupt-data', `${source.name} has ${source.size} bytes: that is no configuration or tokenizer`);
}

function isIndex(source: ByteSource): boolean {
  return baseName(source).endsWith('.safetensors.index.json');
}

function baseName({ name }: ByteSource): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}
