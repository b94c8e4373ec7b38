"""Writes packages/data/test/fixtures/augmentations: what torchvision makes of small pictures, of Pillow's kind, with given parameters.

    pip install "pillow<13" torch torchvision && python tools/reference/augmentations.py

augmentations.json.gz
    pictures   by name: width, height and 8-bit RGB (base64)
    single     per picture and step: its kind, its amount (if it has one) and the 8-bit RGB that came (base64)
    jitter     `ColorJitter` of seeds 0 to 23: the changes it drew, in their order, and what came
    views      whole views as CLIP-Rocket composes them: box, changes, grayscale, sigma, solarize, flip, and what came

The steps themselves are the same in Pillow 12 and 13; the crops of `views` are not (see images.py).
"""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageFilter, ImageOps
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

OUT = Path(__file__).parents[2] / "packages/data/test/fixtures/augmentations"
KINDS = ["brightness", "contrast", "saturation", "hue"]


def gaussian_blur(image, sigma):
    """As CLIP-Rocket, SimCLR's and DINO's codes do it."""
    return image.filter(ImageFilter.GaussianBlur(radius=sigma))


STEPS = {
    "brightness": (F.adjust_brightness, [0, 0.6, 0.9137, 1, 1.4, 2.5]),
    "contrast": (F.adjust_contrast, [0, 0.6, 0.8731, 1, 1.4, 2.5]),
    "saturation": (F.adjust_saturation, [0, 0.6, 0.7777, 1, 1.4, 2.5]),
    "hue": (F.adjust_hue, [-0.5, -0.1, -0.0379, 0, 0.003, 0.0617, 0.1, 0.5]),
    "blur": (gaussian_blur, [0.1, 0.31, 0.7, 1, 1.2247449, 1.37, 1.9999, 2, 3.7, 11, 40]),
    "grayscale": (lambda image, _: F.to_grayscale(image, 3), [None]),
    "solarize": (lambda image, _: ImageOps.solarize(image), [None]),
    "flip": (lambda image, _: F.hflip(image), [None]),
}


def text(image):
    return base64.b64encode(np.asarray(image).tobytes()).decode()


def pictures():
    rng = np.random.default_rng(0)
    levels = np.array([0, 1, 53, 127, 128, 201, 254, 255])
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(16, 32, 3)
    noise = rng.integers(0, 256, (19, 13, 3))
    y, x = np.mgrid[0:31, 0:44]
    scene = np.stack([255 * x / 43, 255 * y / 30, 255 * ((x // 6 + y // 5) % 2)], -1) + rng.normal(0, 6, (31, 44, 3))
    yield "every mixture of eight levels", cube
    yield "noise", noise
    yield "scene", scene
    yield "dark", rng.integers(0, 40, (6, 9, 3))
    yield "one row", rng.integers(0, 256, (1, 29, 3))
    yield "one column", rng.integers(0, 256, (19, 1, 3))
    yield "one pixel", rng.integers(0, 256, (1, 1, 3))


def apply(image, changes):
    for change in changes:
        image = STEPS[change["kind"]][0](image, change["amount"])
    return image


def jittered(image, seed, ranges):
    """What `ColorJitter` makes of the image, and what it drew for it."""
    jitter = transforms.ColorJitter(*ranges)
    torch.manual_seed(seed)
    result = jitter(image)
    torch.manual_seed(seed)
    order, *amounts = jitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
    changes = [{"kind": KINDS[i], "amount": amounts[i]} for i in order.tolist() if amounts[i] is not None]
    return result, changes


def views(image):
    """CLIP-Rocket's strong view and BYOL's: crop, jitter, gray, blur, solarise, flip; the draws are ours."""
    rng = np.random.default_rng(5)
    for seed in range(12):
        torch.manual_seed(100 + seed)
        top, left, height, width = transforms.RandomResizedCrop.get_params(image, [0.08, 1], [3 / 4, 4 / 3])
        view = F.resized_crop(image, top, left, height, width, [20, 20], InterpolationMode.BICUBIC)
        has_jitter, has_blur = rng.random() < 0.8, rng.random() < 0.6
        gray, solarized, flipped = rng.random() < 0.2, rng.random() < 0.3, rng.random() < 0.5
        sigma = rng.uniform(0.1, 2)
        changes = []
        if has_jitter:
            view, changes = jittered(view, seed, [0.4, 0.4, 0.4, 0.1])
        if gray:
            view = F.to_grayscale(view, 3)
        if has_blur:
            view = gaussian_blur(view, sigma)
        if solarized:
            view = ImageOps.solarize(view)
        if flipped:
            view = F.hflip(view)
        box = {"left": left, "top": top, "width": width, "height": height}
        drawn = {"box": box, "changes": changes, "grayscale": gray, "solarize": solarized, "flip": flipped}
        yield {"drawn": {**drawn, "sigma": sigma} if has_blur else drawn, "data": text(view)}


def main():
    images = {name: Image.fromarray(np.clip(np.rint(array), 0, 255).astype(np.uint8)) for name, array in pictures()}
    single = [
        {"picture": name, "kind": kind, "amount": amount, "data": text(step(image, amount))}
        for name, image in images.items()
        for kind, (step, amounts) in STEPS.items()
        for amount in amounts
    ]
    jitter = []
    for seed in range(24):
        ranges = [0.4, 0.4, 0.4, 0.1] if seed % 3 else [1.5, 0, 0.4, 0.5]
        result, changes = jittered(images["noise"], seed, ranges)
        jitter.append({"changes": changes, "data": text(result)})
    whole = {
        "versions": {module.__name__: module.__version__ for module in (PIL, torch, torchvision)},
        "pictures": {name: {"width": image.width, "height": image.height, "data": text(image)} for name, image in images.items()},
        "single": single,
        "jitter": jitter,
        "views": list(views(images["scene"])),
    }
    OUT.mkdir(parents=True, exist_ok=True)
    body = json.dumps(whole, separators=(",", ":")).encode()
    path = OUT / "augmentations.json.gz"
    path.write_bytes(gzip.compress(body, 9, mtime=0))
    print(whole["versions"], path.name, path.stat().st_size)


main()
