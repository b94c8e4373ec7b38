"""Writes packages/captions/fixtures/words.json: captions and the words that NLTK's tokenizer (for one sentence) makes of them.

    pip install nltk && python tools/reference/captions.py

Quotation marks are written as they stand in the caption; NLTK turns them into `` and ''.
"""

import json
from pathlib import Path

from nltk.tokenize import NLTKWordTokenizer

OUT = Path(__file__).parents[2] / "packages/captions/fixtures/words.json"
CAPTIONS = [
    "A photo of a cat.",
    "two dogs, one cat and 3 birds!",
    "it's the dog's bowl",
    "don't stop",
    "They've gone; we'll wait: isn't it nice?",
    "close-up of a red-and-white flower",
    "price: $3.50 (was $10,000)",
    "the dogs' park",
    'a man -- smiling -- holds a sign that says "open"',
    "so... what",
    "at 3:30 p.m",
    "[edited] photo #12 @home",
    "R&B singer",
    "I'm here, you're there, he'd go",
    "a/b testing 50% off*",
    "kids' 'best' toys",
    "'hello' she said",
    "the '90s",
    "UPPER CASE DOESN'T MATTER",
    "naïve café – Tokyo",
    "self-portrait, oil on canvas, 1889",
    "10:30, 11:45",
    "rock'n'roll",
    "can't",
]

tokenizer = NLTKWordTokenizer()
words = {caption: ['"' if word in ("``", "''") else word for word in tokenizer.tokenize(caption)] for caption in CAPTIONS}
OUT.write_text(json.dumps(words, ensure_ascii=False, indent=1) + "\n")
