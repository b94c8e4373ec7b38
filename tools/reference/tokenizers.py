"""Writes the fixtures of packages/text/test/fixtures/: small tokenizers trained here, and the ids that the reference libraries give them.

    pip install tokenizers sentencepiece transformers open_clip_torch ftfy && python tools/reference/tokenizers.py

tokenizers.json.gz holds the recipe of 10,000 texts (mixed_texts.py; test/mixed-texts.ts draws the same), a hash of every hundred of them, five
tokenizer.json (GPT-2, CLIP, SigLIP, SigLIP 2, TIPSv2 as transformers lay them out), four SentencePiece models, and for each of these, and for
OpenCLIP's own tokenizer, a hash of the ids of every hundred texts and the ids of every fiftieth text in full.
"""

import sys

from mixed_texts import JOINTS, POOLS, RANGES, WORDS, drawer, mixed_texts

sys.path.pop(0)  # This file is named as the library it imports.

import base64
import gzip
import hashlib
import io
import json
from collections import Counter
from pathlib import Path

import ftfy
import open_clip
import sentencepiece
import tokenizers
import transformers
from open_clip.tokenizer import SimpleTokenizer
from sentencepiece import sentencepiece_model_pb2 as pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).parent.parent.parent / "packages/text/test/fixtures"
COUNT, BLOCK, SHOWN = 10_000, 100, 50
TEXTS = mixed_texts(1, COUNT)


def corpus():
    """Texts to train on, of characters that are not rare, so that a small vocabulary has room for words."""
    texts = [text for text in mixed_texts(2, 8000) if len(text) < 300]
    counts = Counter("".join(texts))
    return [text for text in texts if all(counts[character] > 40 for character in text)]


CORPUS = corpus()


def digest(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()[:16]


def blocks(rows):
    return [digest(rows[i : i + BLOCK]) for i in range(0, len(rows), BLOCK)]


def ids_of(encode):
    rows = [[int(id) for id in encode(text)] for text in TEXTS]
    return {"blocks": blocks(rows), "shown": rows[::SHOWN]}


open_clip_tokenizer = SimpleTokenizer()


def sentence_piece(model_type, rule, byte_fallback, **options):
    written = io.BytesIO()
    lines = [" ".join(text.replace("\0", " ").split("\n")) for text in CORPUS]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=written, model_type=model_type, vocab_size=1500, normalization_rule_name=rule, byte_fallback=byte_fallback,
        character_coverage=0.985, hard_vocab_limit=False, num_threads=1, minloglevel=2, **options)
    return written.getvalue()


def with_unused(model):
    """Every seventh of the ordinary pieces marked as not to be used, as sentencepiece's vocabulary restriction does."""
    proto = pb2.ModelProto.FromString(model)
    for i, piece in enumerate(proto.pieces):
        if piece.type == piece.NORMAL and len(piece.piece) > 1 and i % 7 == 0:
            piece.type = piece.UNUSED
    return proto.SerializeToString()


SENTENCE_PIECE = {
    "unigram-nfkc": (sentence_piece("unigram", "nmt_nfkc", False, pad_id=3), {}),
    "unigram-bytes": (with_unused(sentence_piece("unigram", "identity", True, pad_id=0, unk_id=1, bos_id=2, eos_id=3, remove_extra_whitespaces=False, user_defined_symbols=["⟪x⟫", "<sep>", "  ", "street"], control_symbols=["<ctl>"])), {"add_bos": True, "add_eos": True}),
    "bpe-nfkc-bytes": (sentence_piece("bpe", "nmt_nfkc", True, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1), {}),
    "bpe-suffix": (with_unused(sentence_piece("bpe", "identity", False, treat_whitespace_as_suffix=True, user_defined_symbols=["⟪x⟫", "⟪", "photo"])), {"add_eos": True}),
}


def sentence_piece_ids(model, options):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return ids_of(lambda text: processor.encode(text, **options))


def charsmap(name):
    return pb2.ModelProto.FromString(SENTENCE_PIECE[name][0]).normalizer_spec.precompiled_charsmap


def merges_of(proto):
    """The merges that a BPE model of SentencePiece amounts to, as transformers extracts them."""
    places = {piece.piece: i for i, piece in enumerate(proto.pieces)}
    scores = {piece.piece: piece.score for piece in proto.pieces}
    merges = []
    for piece in proto.pieces:
        if piece.type != piece.NORMAL:
            continue
        parts = [(piece.piece[:i], piece.piece[i:]) for i in range(1, len(piece.piece)) if piece.piece[:i] in places and piece.piece[i:] in places]
        merges += [(left, right, piece.piece) for left, right in sorted(parts, key=lambda pair: (places[pair[0]], places[pair[1]]))]
    return [(left, right) for left, right, joined in sorted(merges, key=lambda merge: -scores[merge[2]])]


def gpt2():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=1500, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def clip():
    """The first merges of CLIP itself: the trainer of tokenizers gives the ends of words their ids in the order of a hash table, anew in every run."""
    encoder = {token: id for token, id in open_clip_tokenizer.encoder.items() if id < 512 + 1500}
    vocabulary = {**encoder, "<|startoftext|>": len(encoder), "<|endoftext|>": len(encoder) + 1}
    merges = sorted(open_clip_tokenizer.bpe_ranks, key=open_clip_tokenizer.bpe_ranks.get)[:1500]
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=merges)._tokenizer


def siglip():
    proto = pb2.ModelProto.FromString(SENTENCE_PIECE["unigram-nfkc"][0])
    tokenizer = Tokenizer(models.Unigram([(piece.piece, piece.score) for piece in proto.pieces], unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(charsmap("unigram-nfkc")), normalizers.Lowercase(), normalizers.Replace(Regex(r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""), ""),
        normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True, lstrip=True, rstrip=True) for token in ["<unk>", "</s>"]])
    return tokenizer


def siglip2():
    proto = pb2.ModelProto.FromString(SENTENCE_PIECE["bpe-nfkc-bytes"][0])
    made = transformers.Siglip2Tokenizer(vocab={piece.piece: i for i, piece in enumerate(proto.pieces)}, merges=merges_of(proto))._tokenizer
    eos = made.token_to_id("<eos>")
    made.post_processor = processors.TemplateProcessing(single="$A <eos>", pair="$A <eos> $B <eos>", special_tokens=[("<eos>", eos)])
    return made


def tipsv2():
    proto = pb2.ModelProto.FromString(SENTENCE_PIECE["bpe-nfkc-bytes"][0])
    vocabulary = {piece.piece: i for i, piece in enumerate(proto.pieces)}
    return transformers.models.tipsv2.Tipsv2Tokenizer(vocab=vocabulary, merges=merges_of(proto), _spm_precompiled_charsmap=charsmap("bpe-nfkc-bytes"))._tokenizer


def hugging_face_ids(tokenizer, length):
    whole = ids_of(lambda text: tokenizer.encode(text).ids)
    tokenizer.enable_truncation(length)
    cut = ids_of(lambda text: tokenizer.encode(text).ids)
    tokenizer.no_truncation()
    return {**whole, "cutTo": length, "cutBlocks": cut["blocks"]}


def without_charsmap(text, name):
    """The file with its character map taken out: the test puts that of the SentencePiece model in again."""
    return text.replace(base64.b64encode(charsmap(name)).decode(), "CHARSMAP")


def bare(model):
    proto = pb2.ModelProto.FromString(model)
    proto.normalizer_spec.ClearField("precompiled_charsmap")
    return base64.b64encode(proto.SerializeToString()).decode()


assert charsmap("unigram-nfkc") == charsmap("bpe-nfkc-bytes")
# Read from text, as users do: that changes some scores in the last bit.
FILES = {make.__name__: make().to_str() for make in [gpt2, clip, siglip, siglip2, tipsv2]}
HUGGING_FACE = {name: Tokenizer.from_str(text) for name, text in FILES.items()}


def open_clip_ids(text):
    row = open_clip_tokenizer([text])[0].tolist()
    # The last of them: a text may spell out the end token.
    return row[: max(i for i, token in enumerate(row) if token == open_clip_tokenizer.eot_token_id) + 1]


def captions():
    draw = drawer(3)
    texts = [" ".join(WORDS[draw(len(WORDS))] for _ in range(1 + draw(20))) for _ in range(3000)]
    return texts + mixed_texts(4, 1000)


def trained_on_captions():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=1200, special_tokens=["<pad>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(captions(), trainer)
    return tokenizer


TRAINED = trained_on_captions()
VERSIONS = {library.__name__: library.__version__ for library in [tokenizers, sentencepiece, transformers, open_clip, ftfy]}
fixture = {
    "versions": VERSIONS,
    "texts": {"seed": 1, "count": COUNT, "pools": list(POOLS.values()), "ranges": RANGES, "joints": JOINTS, "blocks": blocks(TEXTS)},
    "block": BLOCK,
    "shown": SHOWN,
    "charsMap": base64.b64encode(charsmap("unigram-nfkc")).decode(),
    "huggingFace": {
        name: {"file": json.loads(without_charsmap(FILES[name], "unigram-nfkc")), "ids": hugging_face_ids(tokenizer, 16)}
        for name, tokenizer in HUGGING_FACE.items()
    },
    "sentencePiece": {
        name: {
            "model": bare(model), "hasCharsMap": "nfkc" in name, "addBos": options.get("add_bos", False), "addEos": options.get("add_eos", False), "ids": sentence_piece_ids(model, options)
        }
        for name, (model, options) in SENTENCE_PIECE.items()
    },
    "openClip": ids_of(open_clip_ids),
    "training": {"words": WORDS, "wordSeed": 3, "wordTexts": 3000, "mixedSeed": 4, "mixedTexts": 1000, "file": json.loads(TRAINED.to_str())},
}
HERE.mkdir(parents=True, exist_ok=True)
packed = gzip.compress(json.dumps(fixture, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)
HERE.joinpath("tokenizers.json.gz").write_bytes(packed)
print(VERSIONS, len(packed), "bytes")
