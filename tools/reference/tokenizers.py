"""Writes the fixtures of packages/text/test/fixtures/: small tokenizers trained here, and the ids that the reference libraries give them.

    pip install tokenizers sentencepiece transformers open_clip_torch ftfy && python tools/reference/tokenizers.py

tokenizers.json.gz holds the recipe of 10,000 texts (drawn from pools of many scripts; test/mixed-texts.ts draws the same), a hash of every hundred
of them, five tokenizer.json (GPT-2, CLIP, SigLIP, SigLIP 2, TIPSv2 as transformers lay them out), four SentencePiece models, and for each of
these, and for OpenCLIP's own tokenizer, a hash of the ids of every hundred texts and the ids of every fiftieth text in full.
"""

import sys

sys.path.pop(0)  # This file is named as the library it imports.

import base64
import gzip
import hashlib
import io
import json
import unicodedata
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
MASK = 0xFFFFFFFF

WORDS = """a the photo of dog goldfish Labrador RETRIEVER skyscraper don't isn't we'll I'd they've you're I'm cat's itap its it's wooden table red
ball on blue cube two three people standing next to street sign at night, in front of the old brick building. close-up macro shot black white
vintage poster isolated background stock illustration vector art sunset beach mountains forest river bridge kitchen bowl soup bread cheese wine
woman man child playing guitar football riding bicycle horse running jumping smiling holding umbrella rain snow winter summer 1920s HDR 4K""".split()

POOLS = {
    "words": WORDS,
    "latin": "Zürich naïve façade Ærøskøbing smörgåsbord İstanbul Straße ıssız crème brûlée señor Łódź Ångström Đà Nẵng œuvre Ǆungla ŉ ÿ ß ẞ É à ô".split(),
    "decomposed": ["Zu\u0308rich", "cafe\u0301", "A\u030angstro\u0308m", "e\u0323\u0302", "n\u0303", "\u1112\u1161\u11ab", "\u1100\u1173\u11af", "o\u0328\u0304", "\u212b", "\u2126", "\u0958", "a\u0315\u0300\u05ae\u0300"],
    "marks": ["\u0301", "\u0300\u0301\u0302", "\u0345", "\u20dd", "\u0e31", "\u093c", "\u3099", "\u0489", "\ufe20", "\u1ab0", "a" + "\u0300" * 40],
    "greek": "ελιά ΣΊΣΥΦΟΣ ΟΔΟΣ ΌΣΟΣ Σ ΑΣ' ΣΑ ς ϐ ΐ ᾳ ᾼ ᾷ Ὀδυσσεύς άλφα βήτα θάλασσα".split(),
    "cyrillic": "Москва деревня ёжик Їжак ґанок Ћирилица ѣ Ꙁемля собака кошка на столе красный мяч фотография".split(),
    "armenian": "Հայաստան և եւ Երևան ﬓ ქართული Ⴀ Ა ᲀ ꭰ Ꭰ".split(),
    "arabic": "مرحبا بالعالم كتاب صورة قطة ﷺ ﻻ لا ١٢٣ ۴۵۶ مُحَمَّد ـــ ،؟ پ گ ی".split(),
    "hebrew": "שלום עולם תמונה של חתול שָׁלוֹם ﬡ יִ ״".split(),
    "indic": "नमस्ते दुनिया हिन्दी क्षत्रिय १२३ বাংলা தமிழ் తెలుగు ಕನ್ನಡ മലയാളം ਪੰਜਾਬੀ ગુજરાતી සිංහල क़".split(),
    "southeast": "สวัสดีชาวโลก น้ำ กำลัง ລາວ မြန်မာ ខ្មែរ ๑๒๓ བོད་ཡིག ᠮᠣᠩᠭᠣᠯ".split(),
    "chinese": "照片 一只猫 坐在桌子上 漢字 中文。 ，！ 《書》 龍 㐀 𠀀 𪛖 豈 ⼀ 囍 〇 壹佰".split(),
    "japanese": "東京タワー 写真 ひらがな カタカナ ｶﾀｶﾅ ｶﾞ ハ゜ 々 ー 「」 、。 ㍿ ㌔ ゟ ヿ 株式会社 か\u3099".split(),
    "korean": ["사진", "고양이", "한글", "안녕하세요", "\u1112\u1161\u11ab\u1100\u1173\u11af", "ㄱㄴㄷ", "ﾡﾢ", "㈀", "\u1100", "\u1161", "\u11a8", "\ud7b0", "\ua960", "갂힣"],
    "fullwidth": "ＡＢＣ ａｂｃ １２３ ！？ ＂＃ ～ ｛｝ ￥ ￠ ＿ ｀ ﹪ ︰ ﹏ ￣".split(),
    "ligatures": "ﬁ ﬂ ﬀ ﬃ ﬅ ﬆ ŀ Ŀ ĳ Ĳ ǉ ŉ ﬓ ﬗ ﬂoor oﬃce".split(),
    "quotes": "“quoted” ‘single’ „low“ «guillemets» rock’n’roll ʼn ‛x‟ ′ ″ ` ´ ' \" '' 's 'S ’s ‚".split(),
    "emoji": ["🙂", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷", "🇩🇪🇯🇵", "🇺", "❤️", "❤", "☺︎", "1️⃣", "🧑🏿‍🚀", "🫠", "🪿", "👨🏻‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🀄", "♀️"],
    "control": ["\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x0e", "\x1b", "\x1b[31m", "\x1f", "\x7f", "\x80", "\x85", "\x8f", "\x9f", "\u206a", "\u2028", "\u2029", "\ufff9", "\ufffb"],
    "invisible": ["\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u202e", "\u202c", "\u2066", "\ufe0f", "\U000e0041"],
    "spaces": [" ", "  ", "     ", " " * 37, "\t", "\n", "\r\n", "\r", "\u00a0", "\u1680", "\u2002", "\u2009", "\u202f", "\u205f", "\u3000", "\u200a\u200a", " \n \t "],
    "entities": "&amp; &lt; &gt; &quot; &#39; &rsquo; &eacute; &nbsp; &EACUTE; &amp;amp; &amp;lt;b&amp;gt; &copy2024 &#8217; &#x1F600; &unknown; AT&T <b>bold</b> <br/> &#0; &hearts".split(),
    "code": "foo_bar fooBar() x+=1; a->b {'k':[1,2]} //comment #include<stdio.h> \\n \\\\ $HOME/.bashrc C:\\Temp http://example.com/a?b=1&c=2 @user #tag e-mail@x.org !!! ?! ... --flag=0x1F 0b101 ~/x.y.z <!-- --> `ls` \"s\\\"t\" ^_^ :-) %20 |".split(),
    "numbers": "0 7 42 2023 3.14 1,000,000 1e-5 ½ ² Ⅳ ٣ 五 ৳৫ ① ⑳ ⒈ 𝟙𝟚 100% €5 £3 ¥7 −1 ×2 10° 12:30 １２ ۱۲ ꩐ ㊿".split(),
    "mathematical": "𝒜𝓑 𝕏 ℝ ℕ ∑ ∫ ≠ ≤ ⊂ α→β ﷽ ™ © ® № ℡ ㎏ ㏑ ‰ … — – ‥ ﹣ ‐ ‑ ⁄ ∕ ⅍".split(),
    "special": ["<pad>", "<s>", "</s>", "<unk>", "▁", "▁▁a", "<0x41>", "<|endoftext|>", "<|startoftext|>", "<start_of_text>", "<END_OF_TEXT>", "[PAD]", "<mask>", "<sep>", "<ctl>", "⟪x⟫", "⟪", "<eos>", "Ġ", "</w>"],
    "edges": ["\ud7ff", "\ue000", "\uf8ff", "\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0001ffff", "\U0002fa1d", "\U000f0000", "\U0010ffff", "\ufdd0", "\u0378", "\U0001f1e6"],
}
RANGES = [[0x20, 0x7E], [0xA0, 0x24F], [0x250, 0x36F], [0x370, 0x52F], [0x530, 0x6FF], [0x700, 0xDFF], [0xE00, 0x11FF], [0x1200, 0x1FFF], [0x2000, 0x2BFF],
          [0x2C00, 0x33FF], [0x4E00, 0x9FFF], [0xA000, 0xABFF], [0xAC00, 0xD7A3], [0xE000, 0xFFFF], [0x10000, 0x12FFF], [0x1D000, 0x1FAFF], [0x20000, 0x2A6DF], [0x0, 0x10FFFF]]


def known(ranges):
    """Their characters of Unicode 3.2, as runs in a list for each: whatever version of Unicode a library has, it knows these alike. Newer
    characters are in the pools."""
    old = unicodedata.ucd_3_2_0.category
    lists = []
    for low, high in ranges:
        runs = []
        for code in range(low, high + 1):
            if old(chr(code)) in ("Cn", "Cs"):
                continue
            if runs and runs[-1][1] == code - 1:
                runs[-1][1] = code
            else:
                runs.append([code, code])
        lists.append(runs)
    return [runs for runs in lists if runs]


RANGES = known(RANGES)
JOINTS = ["", "", " ", " ", " ", "  ", "\n", "\t ", ", ", "\u3000", "\u00a0", "\u200b", "-", "'"]


def drawer(state):
    """mulberry32: whole numbers below `n`."""

    def draw(n):
        nonlocal state
        state = (state + 0x6D2B79F5) & MASK
        t = state
        t = ((t ^ (t >> 15)) * (t | 1)) & MASK
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & MASK)) & MASK
        return (t ^ (t >> 14)) % n

    return draw


def mixed_texts(seed, count):
    draw = drawer(seed)
    pools = list(POOLS.values())
    piece = lambda pool: pool[draw(len(pool))]

    def character():
        runs = RANGES[draw(len(RANGES))]
        low, high = runs[draw(len(runs))]
        return chr(low + draw(high - low + 1))

    def text():
        kind = draw(10)
        if kind < 3:
            pool = pools[draw(len(pools))]
            return " ".join(piece(pool) for _ in range(draw(12)))
        if kind < 5:
            return " ".join(piece(pools[0]) if draw(4) else piece(pools[draw(len(pools))]) for _ in range(draw(24)))
        if kind < 8:
            joint = JOINTS[draw(len(JOINTS))]
            return joint.join(piece(pools[draw(len(pools))]) for _ in range(draw(16)))
        if kind == 8:
            one = piece(pools[draw(len(pools))])
            return one * (1 + draw(1 + 600 // len(one)))
        return "".join(character() for _ in range(draw(40)))

    return [text() for _ in range(count)]


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


def ids_of(encode, without=()):
    rows = [None if i in without else [int(id) for id in encode(text)] for i, text in enumerate(TEXTS)]
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

# Texts that ftfy takes for decoded with a wrong encoding: the package does not repair those.
MOJIBAKE = [i for i, text in enumerate(TEXTS) if ftfy.fix_text(text) != ftfy.fix_text(text, fix_encoding=False)]


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
    "openClip": {"ids": ids_of(open_clip_ids, MOJIBAKE), "mojibake": MOJIBAKE},
    "training": {"words": WORDS, "wordSeed": 3, "wordTexts": 3000, "mixedSeed": 4, "mixedTexts": 1000, "file": json.loads(TRAINED.to_str())},
}
HERE.mkdir(parents=True, exist_ok=True)
packed = gzip.compress(json.dumps(fixture, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)
HERE.joinpath("tokenizers.json.gz").write_bytes(packed)
print(VERSIONS, len(packed), "bytes")
