import { VitrailError } from '@vitrail/core';
import { type ProtobufField, protobufFields } from './protobuf.ts';

/** What a piece is for, by the numbers of the file. */
export const pieceTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** One entry of the vocabulary; its id is its place. */
export type Piece = { readonly text: string; readonly score: number; readonly type: number };

/** What a SentencePiece `.model` file says. */
export type SentencePieceModel = {
  readonly pieces: readonly Piece[];
  readonly algorithm: 'unigram' | 'bpe';
  readonly unknownId: number;
  /** Ids of the control symbols that begin and end a text, where the model has them. */
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  /** Ids of the pieces `<0x00>` to `<0xFF>`, if characters that are no piece are spelled in bytes. */
  readonly byteIds: readonly number[] | undefined;
  readonly spaceAtEnd: boolean;
  readonly addDummyPrefix: boolean;
  readonly removeExtraSpaces: boolean;
  readonly escapeSpaces: boolean;
  /** The normalisation rules, empty where there are none: see `charsMap`. */
  readonly charsMap: Uint8Array;
};

const WHAT = 'sentencePieceTokenizer: the model';

/**
 * Reads a `.model` file of SentencePiece: a `ModelProto` of `sentencepiece_model.proto`.
 *
 * @throws `corrupt-data` for bytes that are no such message, or whose vocabulary SentencePiece itself would refuse: pieces that are empty or
 *   come twice, not exactly one unknown piece, byte pieces that are not 256 or not wanted; for models of whole words and of characters
 */
export function readSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  requireModelFile(bytes);
  const pieces: Piece[] = [];
  const trainer = new Settings();
  const normalizer = new Settings();
  for (const field of protobufFields(bytes, WHAT)) {
    if (field.number === 1) pieces.push(readPiece(messageOf(field)));
    else if (field.number === 2) trainer.merge(messageOf(field));
    else if (field.number === 3) normalizer.merge(messageOf(field));
  }
  const { reserved, unknownId } = requireVocabulary(pieces);
  const control = (text: string) => {
    const id = reserved.get(text);
    return id !== undefined && pieces[id].type === pieceTypes.control ? id : undefined;
  };
  return {
    pieces,
    algorithm: algorithmOf(trainer.whole(3, 1)),
    unknownId,
    bosId: control(trainer.text(46, '<s>')),
    eosId: control(trainer.text(47, '</s>')),
    byteIds: trainer.whole(35, 0) === 0 ? noByteIds(pieces) : byteIds(reserved, pieces),
    spaceAtEnd: trainer.whole(24, 0) !== 0,
    addDummyPrefix: normalizer.whole(3, 1) !== 0,
    removeExtraSpaces: normalizer.whole(4, 1) !== 0,
    escapeSpaces: normalizer.whole(5, 1) !== 0,
    charsMap: normalizer.bytes(2),
  };
}

/** A message of settings: of a field that comes twice the last counts, also over several parts of the message. */
class Settings {
  readonly #fields = new Map<number, ProtobufField>();

  merge(bytes: Uint8Array): void {
    for (const field of protobufFields(bytes, WHAT)) this.#fields.set(field.number, field);
  }

  whole(number: number, otherwise: number): number {
    const field = this.#fields.get(number);
    if (field === undefined) return otherwise;
    if (field.type !== 'varint') throw corrupt(`setting ${number} is not a number`);
    return field.value;
  }

  bytes(number: number): Uint8Array {
    const field = this.#fields.get(number);
    return field === undefined ? new Uint8Array() : messageOf(field);
  }

  text(number: number, otherwise: string): string {
    return this.#fields.has(number) ? textOf(this.bytes(number)) : otherwise;
  }
}

function readPiece(bytes: Uint8Array): Piece {
  let [text, score, type] = ['', 0, pieceTypes.normal as number];
  for (const field of protobufFields(bytes, WHAT)) {
    if (field.number === 1) text = textOf(messageOf(field));
    else if (field.number === 2 && field.type === 'float') score = field.value;
    else if (field.number === 3 && field.type === 'varint') type = field.value;
  }
  if (!Number.isFinite(score)) throw corrupt(`the piece ${JSON.stringify(text)} has the score ${score}`);
  return { text, score, type };
}

function requireVocabulary(pieces: readonly Piece[]): { reserved: Map<string, number>; unknownId: number } {
  const reserved = new Map<string, number>();
  const ordinary = new Map<string, number>();
  let unknownId: number | undefined;
  pieces.forEach(({ text, type }, id) => {
    const isReserved = type === pieceTypes.unknown || type === pieceTypes.control || type === pieceTypes.byte;
    const ids = isReserved ? reserved : ordinary;
    if (text === '') throw corrupt(`piece ${id} is empty`);
    if (ids.has(text)) throw corrupt(`the piece ${JSON.stringify(text)} comes twice`);
    ids.set(text, id);
    if (type !== pieceTypes.unknown) return;
    if (unknownId !== undefined) throw corrupt(`two pieces, ${unknownId} and ${id}, stand for what is unknown`);
    unknownId = id;
  });
  if (unknownId === undefined) throw corrupt('no piece stands for what is unknown');
  return { reserved, unknownId };
}

function byteIds(reserved: ReadonlyMap<string, number>, pieces: readonly Piece[]): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const text = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = reserved.get(text);
    if (id === undefined || pieces[id].type !== pieceTypes.byte) throw corrupt(`it falls back on bytes but has no ${text}`);
    return id;
  });
}

function noByteIds(pieces: readonly Piece[]): undefined {
  const byte = pieces.find(({ type }) => type === pieceTypes.byte);
  if (byte) throw corrupt(`it has the byte ${JSON.stringify(byte.text)} but does not fall back on bytes`);
  return undefined;
}

function algorithmOf(modelType: number): 'unigram' | 'bpe' {
  if (modelType === 1) return 'unigram';
  if (modelType === 2) return 'bpe';
  const name = ['', '', '', 'whole words', 'characters'][modelType] ?? `type ${modelType}`;
  throw corrupt(`it is of ${name}; unigram and BPE models are read`);
}

/** Says what a file looks like that begins as no model does. */
function requireModelFile(bytes: Uint8Array): void {
  if (bytes.length === 0) throw corrupt('it is empty');
  const beginning = new TextDecoder().decode(bytes.subarray(0, 200));
  const looksLike = /^\s*\{/.test(beginning)
    ? 'JSON, as tokenizer.json is: use huggingFaceTokenizer'
    : /^(?:"bpe_simple_vocab|#version)/.test(beginning)
      ? 'a list of byte-pair merges: use clipTokenizer'
      : beginning.startsWith('version https://git-lfs')
        ? 'a pointer of Git LFS: fetch the file itself'
        : beginning.startsWith('[PAD]') || /^\[UNK\]/m.test(beginning)
          ? 'a vocabulary of WordPiece, which is not read'
          : undefined;
  if (looksLike !== undefined) throw corrupt(`it looks like ${looksLike}`);
}

function messageOf(field: ProtobufField): Uint8Array {
  if (field.type !== 'bytes') throw corrupt(`field ${field.number} is a number where a text or a message is expected`);
  return field.value;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw corrupt('a text is not UTF-8');
  }
}

function corrupt(why: string): VitrailError {
  return new VitrailError('corrupt-data', `${WHAT} is no .model file of SentencePiece that can be read: ${why}`);
}
