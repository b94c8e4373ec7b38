"""The texts that tokenizers are compared on: drawn from pools of many scripts (packages/text/test/mixed-texts.ts draws the same)."""

import unicodedata

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
