"""Writes packages/data/test/fixtures/images: small pictures of every kind, and what the reference codes prepare of them.

    pip install "pillow<13" torch torchvision transformers open_clip_torch && python tools/reference/images.py

pictures.json.gz   per picture: the file (base64), and as 8-bit RGB before normalisation (base64)
    decoded        `ImageOps.exif_transpose(Image.open(file)).convert('RGB')`
    clip           open_clip's transform at 28 pixels: shortest side, bicubic, centre crop
    dinov2         DINOv2's evaluation transform: shortest side 32, bicubic, centre crop 28
    bicubic        open_clip's `squash` at 28 pixels (SigLIP): a square, bicubic
    bilinear       a square of 28 pixels, bilinear (TIPS' PyTorch inference; CLIPA)
    tensors        transformers' CLIPImageProcessor at 28 pixels, which resizes tensors with torchvision and crops with another rounding than it
    white          only where there is transparency: `bilinear` after transformers' convert_to_rgb, which lays it over white
normalised.json    every ninth row of "png 45 x 73" in floating point, after normalisation: by open_clip's transform, and by transformers'
                   CLIPImageProcessor and DINOv3ViTImageProcessor, all at 28 pixels

Pillow 13 goes vertically first where the height shrinks much more than the width; the pictures are made with Pillow 12, and how far 13 is from
it is measured by running this script there with `--compare`.
"""

import base64
import gzip
import io
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import open_clip
import PIL
import torch
import torchvision
import transformers
from open_clip.transform import image_transform
from PIL import Image, ImageCms, ImageOps
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from transformers import CLIPImageProcessor, CLIPImageProcessorPil, DINOv3ViTImageProcessor
from transformers.image_transforms import convert_to_rgb

OUT = Path(__file__).parents[2] / "packages/data/test/fixtures/images"
SIZE = 28


def scene(width, height, seed, channels=3):
    """Gradients, a disc, hard edges and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / max(width - 1, 1), y / max(height - 1, 1)
    image = np.stack([255 * u, 255 * v, 255 * (1 - (u + v) / 2), 255 * np.abs(u - v)][:channels], -1)
    disc = (u - 0.6) ** 2 + (v - 0.4) ** 2 < 0.08
    image[disc] = rng.integers(0, 256, channels)
    image[(x // 5 % 4 == 1) & (v > 0.7)] = rng.choice([0, 255], channels)
    noisy = v < 0.25
    image[noisy] += rng.normal(0, 40, (int(noisy.sum()), channels))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def rgb(width, height, seed):
    return Image.fromarray(scene(width, height, seed))


def saved(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png(rows, depth, colour_type, interlaced=False, chunks=()):
    """A PNG file, for what Pillow cannot write: `rows` [H, W, C] of 8 or 16 bits."""
    height, width = rows.shape[:2]

    def lines(part):
        return b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in part)

    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        data = b"".join(lines(rows[y::dy, x::dx]) for x, y, dx, dy in passes if rows[y::dy, x::dx].size)
    else:
        data = lines(rows)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def foreign_profile():
    """An sRGB profile whose red and blue primaries have changed places: whoever heeds it swaps the channels."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"TEMP", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"TEMP", b"bXYZ", 1)


def adobe_marker(jpeg):
    at = jpeg.index(b"\xff\xee")
    return at, at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def pictures():
    shapes = [(1, 1), (2, 1), (1, 61), (97, 1), (3, 5), (7, 61), (61, 7), (28, 28), (29, 28), (31, 33), (56, 29), (97, 61), (45, 73), (96, 5)]
    for seed, (width, height) in enumerate(shapes):
        yield f"png {width} x {height}", saved(rgb(width, height, seed), "PNG")

    yield "jpeg 4:4:4", saved(rgb(61, 47, 20), "JPEG", quality=95, subsampling=0)
    yield "jpeg 4:2:2", saved(rgb(33, 57, 21), "JPEG", quality=90, subsampling=1)
    yield "jpeg 4:2:0", saved(rgb(47, 61, 22), "JPEG", quality=75, subsampling=2)
    yield "jpeg 4:2:0, progressive", saved(rgb(97, 61, 23), "JPEG", quality=85, subsampling=2, progressive=True)
    yield "jpeg 4:4:4, progressive", saved(rgb(35, 51, 24), "JPEG", quality=85, subsampling=0, progressive=True)
    yield "jpeg 4:2:0, coarse", saved(rgb(64, 48, 25), "JPEG", quality=20, subsampling=2)
    yield "jpeg 4:2:0, 1 x 1", saved(rgb(1, 1, 26), "JPEG", quality=75, subsampling=2)
    yield "jpeg 4:2:0, 17 x 3", saved(rgb(17, 3, 27), "JPEG", quality=75, subsampling=2)
    yield "jpeg 4:2:0, restart markers", saved(rgb(50, 50, 28), "JPEG", quality=80, subsampling=2, restart_marker_rows=1)
    yield "jpeg, gray", saved(Image.fromarray(scene(41, 29, 29)[..., 0]), "JPEG", quality=90)
    for orientation in range(1, 9):
        yield f"jpeg 4:2:0, EXIF {orientation}", saved(rgb(37, 23, 30), "JPEG", quality=85, subsampling=2, exif=oriented(orientation))
    yield "png, EXIF 6", saved(rgb(31, 19, 31), "PNG", exif=oriented(6))
    yield "webp without loss, EXIF 8", saved(rgb(31, 19, 32), "WEBP", lossless=True, exif=oriented(8))

    cmyk = saved(Image.fromarray(scene(43, 31, 33, 4), "CMYK"), "JPEG", quality=95, subsampling=0)
    begin, end = adobe_marker(cmyk)
    yield "jpeg, CMYK (Adobe)", cmyk
    yield "jpeg, CMYK without Adobe's marker", cmyk[:begin] + cmyk[end:]
    yield "jpeg, YCCK", cmyk[: end - 1] + b"\2" + cmyk[end:]

    yield "png, palette", saved(rgb(45, 39, 34).quantize(32), "PNG")
    yield "png, palette of 2 bits", saved(rgb(23, 29, 35).quantize(4), "PNG", bits=2)
    yield "png, palette with transparency", saved(rgb(33, 25, 36).quantize(16), "PNG", transparency=bytes([0, 100, 255, 30]))
    yield "png, 1 bit", saved(Image.fromarray(scene(39, 27, 37)[..., 0]).convert("1"), "PNG")
    yield "gif", saved(rgb(29, 31, 38).quantize(64), "GIF")

    yield "png, gray", saved(Image.fromarray(scene(37, 41, 39)[..., 1]), "PNG")
    yield "png, gray with alpha", saved(Image.fromarray(np.ascontiguousarray(scene(27, 35, 40)[..., :2]), "LA"), "PNG")
    yield "png with alpha", saved(Image.fromarray(scene(35, 27, 41, 4), "RGBA"), "PNG")
    key = scene(25, 33, 42)
    key[:12, :9] = [10, 200, 30]
    yield "png, a transparent colour", saved(Image.fromarray(key), "PNG", transparency=(10, 200, 30))
    yield "png, interlaced", png(scene(31, 23, 43), 8, 2, interlaced=True)
    deep = lambda width, height, seed, channels: scene(width, height, seed, channels).astype(np.uint16) * 256 + scene(width, height, seed + 100, channels)
    yield "png, 16-bit gray", png(deep(33, 29, 44, 1), 16, 0)
    yield "png, 16-bit gray with alpha", png(deep(23, 29, 45, 2), 16, 4)
    yield "png, 16-bit", png(deep(29, 23, 46, 3), 16, 2)
    yield "png, 16-bit with alpha", png(deep(21, 23, 47, 4), 16, 6)
    yield "png with a profile", saved(rgb(27, 21, 48), "PNG", icc_profile=foreign_profile())
    yield "jpeg 4:4:4 with a profile", saved(rgb(27, 35, 49), "JPEG", quality=90, subsampling=0, icc_profile=foreign_profile())

    yield "webp without loss", saved(rgb(51, 37, 50), "WEBP", lossless=True)
    yield "webp", saved(rgb(53, 45, 51), "WEBP", quality=80)
    yield "webp with alpha", saved(Image.fromarray(scene(37, 29, 52, 4), "RGBA"), "WEBP", quality=80)
    yield "webp with alpha, without loss", saved(Image.fromarray(scene(29, 27, 53, 4), "RGBA"), "WEBP", lossless=True, exact=True)


def decoded(name, file):
    image = Image.open(io.BytesIO(file))
    if name == "png, 16-bit gray":  # Pillow's conversion clips at 255; this is what 16-bit colours become there.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    return Image.fromarray(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))  # Without what the file says of transparency.


CLIP = image_transform(SIZE, is_train=False)
SQUASH = image_transform(SIZE, is_train=False, resize_mode="squash")
# facebookresearch/dinov2, dinov2/data/transforms.py, make_classification_eval_transform, before ToTensor
DINOV2 = transforms.Compose([transforms.Resize(32, interpolation=InterpolationMode.BICUBIC), transforms.CenterCrop(SIZE)])
# google-deepmind/tips, pytorch/run_image_encoder_inference.py, before ToTensor
TIPS = transforms.Resize((SIZE, SIZE))
LEVELS = dict(size={"shortest_edge": SIZE}, crop_size=SIZE, do_rescale=False, do_normalize=False)


def before_tensor(transform):
    return transforms.Compose(transform.transforms[: [type(t).__name__ for t in transform.transforms].index("MaybeToTensor")])


def by_transformers(processor, image):
    values = processor(**LEVELS)(image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
    return values.astype(np.uint8)


def prepared(name, file):
    image = decoded(name, file)
    results = {
        "decoded": image,
        "clip": before_tensor(CLIP)(image),
        "dinov2": DINOV2(image),
        "bicubic": before_tensor(SQUASH)(image),
        "bilinear": TIPS(image),
    }
    results = {key: np.asarray(value) for key, value in results.items()}
    results["tensors"] = by_transformers(CLIPImageProcessor, image)
    original = Image.open(io.BytesIO(file))
    if "A" in original.getbands() or "transparency" in original.info and "with transparency" in name or "a transparent colour" in name:
        results["white"] = np.asarray(TIPS(Image.fromarray(convert_to_rgb(ImageOps.exif_transpose(original), return_numpy=True))))
    return results


def text(data):
    return base64.b64encode(bytes(data)).decode()


def main():
    versions = {m.__name__: m.__version__ for m in (PIL, torch, torchvision, transformers, open_clip)}
    print(versions)
    entries = []
    for name, file in pictures():
        results = prepared(name, file)
        height, width = results["decoded"].shape[:2]
        steps = np.abs(results["tensors"].astype(int) - by_transformers(CLIPImageProcessorPil, decoded(name, file))).ravel()
        packed = {key: text(value.tobytes()) for key, value in results.items()}
        entries.append({"name": name, "width": width, "height": height, "file": text(file), "steps": steps, **packed})
    if "--compare" in sys.argv:
        before = json.loads(gzip.decompress((OUT / "pictures.json.gz").read_bytes()))
        for old in before["pictures"]:
            results = prepared(old["name"], base64.b64decode(old["file"]))
            for key, value in results.items():
                was = np.frombuffer(base64.b64decode(old[key]), np.uint8).astype(int)
                worst = np.abs(was - value.ravel()).max()
                if worst:
                    print(f"{old['name']}, {key}: {worst} levels from Pillow {before['versions']['PIL']}")
        return
    steps = [entry.pop("steps") for entry in entries]
    steps = np.concatenate(steps)
    print(f"{len(entries)} pictures; transformers with tensors against itself with Pillow: at most {steps.max()}, {np.mean(steps != 0):.2%} of the values differ")
    OUT.mkdir(parents=True, exist_ok=True)
    body = json.dumps({"versions": versions, "size": SIZE, "pictures": entries}, separators=(",", ":")).encode()
    (OUT / "pictures.json.gz").write_bytes(gzip.compress(body, 9, mtime=0))

    image = rgb(45, 73, 12)
    clip = CLIPImageProcessor(size={"shortest_edge": SIZE}, crop_size=SIZE)(image, return_tensors="np")["pixel_values"][0]
    dinov3 = DINOv3ViTImageProcessor(size={"height": SIZE, "width": SIZE})(image, return_tensors="np")["pixel_values"][0]
    normalised = {
        "openClip": CLIP(image).permute(1, 2, 0).numpy(),
        "transformers": clip.transpose(1, 2, 0),
        "dinov3": dinov3.transpose(1, 2, 0),
    }
    short = lambda v: [float(f"{x:.7g}") for x in v[::9].ravel()]
    (OUT / "normalised.json").write_text(json.dumps({k: short(v) for k, v in normalised.items()}) + "\n")
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)


main()
