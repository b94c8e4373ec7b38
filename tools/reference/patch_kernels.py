"""Writes packages/vit/test/fixtures/patch-kernels.json: a patch kernel and tables of positions brought to other sizes as EVA-CLIP converts weights.

    pip install torch && python tools/reference/patch_kernels.py

Its scripts (EVA-CLIP/rei/tools/interpolate_patch_14to16.py and ..._224to336.py) are one call each: PyTorch's `interpolate`, bicubic, on the kernel
[D, 3, p, p] and on the positions of patches [1, D, G, G]; the position of the CLS token stays. 7 to 8 and 8 to 7 are 14 to 16 and 16 to 14, halved.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import interpolate

OUT = Path(__file__).parents[2] / "packages/vit/test/fixtures/patch-kernels.json"
WIDTH = 2
generator = torch.Generator().manual_seed(0)


def random(*shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64).mul(1e3).round().div(1e3)


def resized(x, side):
    return interpolate(x, size=(side, side), mode="bicubic", align_corners=False)


def numbers(x):
    return [round(value, 7) for value in x.flatten().tolist()]


def positions(side, to):
    table = random(1 + side * side, WIDTH)
    patches = resized(table[1:].T.reshape(1, WIDTH, side, side), to).flatten(2)[0].T
    return {"grid": side, "to": to, "table": numbers(table), "resized": numbers(torch.cat([table[:1], patches]))}


kernel = random(WIDTH, 3, 7, 7)
result = {
    "width": WIDTH,
    "kernel": {"patch": 7, "to": 8, "values": numbers(kernel), "resized": numbers(resized(kernel, 8))},
    "positions": [positions(8, 7), positions(4, 6)],
}
OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
