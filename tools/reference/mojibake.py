"""Writes packages/text/fixtures/mojibake.json: texts that were decoded with a wrong encoding, what ftfy repairs them to, and OpenCLIP's ids of them.

    pip install open_clip_torch==3.3.0 ftfy==6.3.1 && python tools/reference/mojibake.py all.json
    node --conditions=@vitrail/source tools/reference/compare-mojibake.ts all.json

The first draws 46,000 texts into all.json, and of those the fixture: the shortest that show every step of ftfy after every other, and every rule of its
heuristic by itself, twice. The second prints where @vitrail/text differs on all of them.

A text is UTF-8, or what Java and databases take for it, decoded up to three times with one of the encodings that ftfy knows, then damaged (spaces
for no-break spaces, lost bytes, entities, other case, cut), amid good text; or bytes at random; or characters at random of those that occur in
mojibake; or good text of many scripts.
"""

import sys

from mixed_texts import POOLS, WORDS, mixed_texts

sys.path.pop(0)  # The folder has a tokenizers.py, which is not the library that OpenCLIP imports.

import json
import random
import re
import unicodedata
from collections import Counter
from html.entities import codepoint2name
from pathlib import Path

import ftfy
from ftfy.badness import MOJIBAKE_CATEGORIES
from open_clip.tokenizer import SimpleTokenizer

FIXTURE = Path(__file__).parent.parent.parent / "packages/text/fixtures/mojibake.json"
COUNT, PER_WAY = 10_000, 2
draw = random.Random(0)

ENCODINGS = "latin-1 windows-1252 windows-1251 windows-1250 windows-1253 windows-1254 windows-1257 iso-8859-2 macroman cp437".split()
SENTENCES = """voilà le travail à la carte, ça coûte 5 € déjà | às vezes àquela hora, não é fácil | el niño comió piñata, ¿qué tal? ¡olé! | Über größere Straßen läuft’s
“quoted” – and ‘single’ — it’s… | Příliš žluťoučký kůň | Zażółć gęślą jaźń | İstanbul’da çığ düştü ğüşıöç | Ą ę ė į š ų ū ž | Съешь ещё этих мягких булок | Привет, мир! № 5
Γειά σου Κόσμε, ΤΙΜΉ 5 € | שלום עולם | مرحبا بالعالم، كيف الحال | नमस्ते दुनिया | สวัสดีชาวโลก | 東京タワーの写真 | 사진 고양이 | 照片，一只猫。 | 🙂 👍🏽 👩‍👩‍👧 🇫🇷 ❤️ 𝒜 | £5 ¥7 © ® ™ ½ ×2 10° ± µ § ¶
(╯°□°)╯︵ ┻━┻ | ¯\\_(ツ)_/¯ | (à¸‡'âŒ£')à¸‡ | ✔ No problems | Ã | Â | à | Å is a word | naïve café | \u00a0 | \ufffd | a\u00a0b \u00a0c | É\u00a0 Á Í Ó Ú | ÀÈÌ Õ ß""".replace("\n", " | ").split(" | ")
GOOD = [word for name in ("words", "latin", "greek", "cyrillic", "quotes", "numbers", "entities", "emoji", "spaces", "code") for word in POOLS[name]]
CLASSES = [[chr(code) for code in range(0x10000) if re.match(f"[{members}]", chr(code))] for members in MOJIBAKE_CATEGORIES.values()]
UPPER_HALVES = [[bytes([byte]).decode(("sloppy-" if "windows" in name else "") + name) for byte in range(0x80, 0x100)] for name in ENCODINGS]
# What each show one detail that the shortest of the drawn texts do not.
EDGES = ["Ã quela hora nÃ£o", "Ã quele dia nÃ£o", "Ã quilo nÃ£o", "Ã s vezes nÃ£o", "ð \x80\x80", "đ\x90 \x80", "í\xa0½í¸\n", "Ã‰\x1a Ä—", "ñØ\x98Ά", "Œ ", "ß▓?", "Ć Ą€", "ß╛╖", "à¾€",
         "ok.Â Next", "aГўВЂВќ b", "‚âà", "Ðž", "Ğ¤", "Ă\x80"]
RARE = list("Œœ√≈‚Ä×Øà ВГРС вЂ ΒΓΞΟ β€ ā€ ÃÂ ÎÐÙ ° \n\x1a\x1c?.aZ9_\ufffd\u2028中\U0001d400")


def java_bytes(text):
    """Each half of UTF-16 by itself, and NUL in two bytes."""
    halves = [half for character in text for half in halves_of(character)]
    return b"".join(b"\xc0\x80" if half == 0 else chr(half).encode("utf-8", "surrogatepass") for half in halves)


def halves_of(character):
    units = character.encode("utf-16-le", "surrogatepass")
    return [int.from_bytes(units[i : i + 2], "little") for i in range(0, len(units), 2)]


def decoded(data, name):
    if "windows" not in name:
        return data.decode(name)
    return data.decode(name, "replace") if draw.random() < 0.3 else data.decode("sloppy-" + name)


def garbled(text, encode=lambda text: text.encode("utf-8", "surrogatepass")):
    name = draw.choice(ENCODINGS)
    text = decoded(encode(text), name)
    while draw.random() < 0.35:
        text = decoded(text.encode("utf-8", "surrogatepass"), name if draw.random() < 0.6 else draw.choice(ENCODINGS))
        if draw.random() < 0.3:
            break
    return text


def damaged(text):
    kind = draw.randrange(12)
    place = draw.randrange(len(text) + 1)
    if kind == 0:
        return text.replace("\xa0", " ")
    if kind == 1:
        return text[:place] + draw.choice("?\ufffd ") + text[place + 1 :]
    if kind == 2:
        return text[:place] + text[place + 1 :]
    if kind == 3:
        return text[:place]
    if kind == 4:
        return "".join(f"&{codepoint2name[ord(c)]};" if ord(c) in codepoint2name and draw.random() < 0.5 else c for c in text)
    if kind == 5:
        return draw.choice([str.upper, str.lower])(text)
    if kind == 6:
        return text[:place] + draw.choice(["\n", "<b>", "\r\n", "\x85", "&amp;", "&nbsp;", "\x1a", "À\n"]) + text[place:]
    return text


def mojibake():
    text = draw.choice(SENTENCES) if draw.random() < 0.5 else " ".join(draw.choice(draw.choice(list(POOLS.values()))) for _ in range(draw.randint(1, 4)))
    if draw.random() < 0.3:
        text = draw.choice(text.split() or [text])
    text = damaged(garbled(text, java_bytes) if draw.random() < 0.15 else garbled(text))
    return damaged(text) if draw.random() < 0.2 else text


def embedded():
    parts = [mojibake() if draw.random() < 0.5 else draw.choice(GOOD) for _ in range(draw.randint(2, 6))]
    return draw.choice([" ", "", " ", "\n"]).join(parts)


def sequence():
    """A character in UTF-8 or nearly so."""
    lead = draw.choice([0xC0, 0xC2, 0xC3, 0xC5, 0xCE, 0xD0, 0xD9, 0xE0, 0xE2, 0xE3, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, draw.randrange(256), 0x41])
    length = 0 if lead < 0xC0 else 1 if lead < 0xE0 else 2 if lead < 0xF0 else 3
    rest = [draw.choice([0x20, 0x80, 0xA0, 0xB0, draw.randrange(0x80, 0xC0), draw.randrange(0x80, 0xC0), draw.randrange(0x80, 0xC0)]) for _ in range(length)]
    return bytes([lead, *rest]) if draw.random() < 0.9 else bytes([lead, *rest[:-1], draw.choice([0x0A, 0x3F, 0x1A, 0x41])])


def random_bytes():
    halves = bytes([0xED, draw.randrange(0xA0, 0xB0), draw.randrange(0x80, 0xC0), 0xED, draw.randrange(0xB0, 0xC0), draw.choice([0x0A, 0x3F, draw.randrange(0x80, 0xC0)])])
    data = b"".join(draw.choice([sequence(), sequence(), sequence(), b"\xc3\xa9", b"\xe2\x80\x9d", b" a", b"\xc0\x80", halves]) for _ in range(draw.randint(1, 6)))
    return decoded(data + draw.choice([b"", b"", b"\n", b"\xc0\n", b"\xc3 quela"]), draw.choice(ENCODINGS))


def random_characters():
    half = draw.choice(UPPER_HALVES)
    letters = [half, half, draw.choice(CLASSES), draw.choice(CLASSES), RARE, WORDS]
    return "".join(draw.choice(draw.choice(letters)) for _ in range(draw.randint(1, 9)))


# The rules of the heuristic one by one.
RULES = [re.compile(rule, re.VERBOSE) for rule in re.split(r"\n\s*\|\s*\n", ftfy.badness.BADNESS_RE.pattern)]


def ways(text):
    """The steps of ftfy with the one before, and the rule if there is but one that calls the text bad."""
    steps = ["", *(step.parameter for step in ftfy.fix_and_explain(text).explanation), ""]
    rules = [i for i, rule in enumerate(RULES) if rule.search(text)]
    return {*zip(steps, steps[1:]), *(rules if len(rules) == 1 else [])}


tokenizer = SimpleTokenizer()


def ids(text, repaired):
    if any(unicodedata.category(character) == "Cn" for character in repaired):
        return None  # What is a letter among characters of the newest Unicode differs between libraries.
    row = tokenizer([text])[0].tolist()
    # The last of them: a text may spell out the end token.
    return row[: max(i for i, token in enumerate(row) if token == tokenizer.eot_token_id) + 1]


def hardest(rows):
    """The edges, and the shortest rows that show every way often enough."""
    shown, chosen = Counter(), [row for row in rows if row[0] in EDGES]
    for row in sorted(rows, key=lambda row: (len(row[0]), row[0])):
        if row[2] is None or row[0] in EDGES:
            continue
        new = {way for way in ways(row[0]) if shown[way] < PER_WAY}
        shown.update(new)
        chosen += [row] if new else []
    return chosen


texts = [make() for make in (mojibake, embedded, random_bytes, random_characters) for _ in range(COUNT)] + EDGES + mixed_texts(5, COUNT)
# JavaScript joins halves of UTF-16, Python does not.
texts = list(dict.fromkeys(text for text in texts if not any("\ud800" <= character <= "\udfff" for character in text)))
rows = [[text, fixed, ids(text, fixed)] for text, fixed in zip(texts, map(ftfy.fix_text, texts))]
Path(sys.argv[1]).write_text(json.dumps(rows))
shown = hardest(rows)
FIXTURE.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in shown) + "\n]\n")
changed = sum(fixed != ftfy.fix_text(text, fix_encoding=False) for text, fixed, _ in rows)
print(f"{len(rows)} texts, {changed} of them mojibake, {sum(row[2] is None for row in rows)} without ids; {len(shown)} in {FIXTURE.stat().st_size} bytes")
