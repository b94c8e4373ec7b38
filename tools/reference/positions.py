"""Writes packages/vit/test/fixtures/positions.json: a table of positions on a small grid, resized by the codes of published models.

    pip install torch transformers open_clip_torch timm "jax[cpu]" scipy && python tools/reference/positions.py

Functions that cannot be called alone are their one call, with the arguments that the named file gives it.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import open_clip
import scipy
import timm
import torch
import torch.nn.functional as F
import transformers
from open_clip.model import resize_pos_embed
from timm.layers import resample_abs_pos_embed
from transformers.models.clip.modeling_clip import CLIPVisionEmbeddings
from transformers.models.dinov2.modeling_dinov2 import Dinov2Embeddings
from transformers.models.dinov2_with_registers.modeling_dinov2_with_registers import Dinov2WithRegistersEmbeddings
from transformers.models.siglip.modeling_siglip import SiglipVisionEmbeddings
from transformers.models.tipsv2 import modeling_tipsv2

OUT = Path(__file__).parents[2] / "packages/vit/test/fixtures/positions.json"
GRID, WIDTH, PATCH = 5, 8, 2  # A table [5, 5, 8] for images of 10 pixels.
TABLE = np.random.default_rng(0).standard_normal((GRID, GRID, WIDTH)).astype(np.float32).round(4)
GRIDS = [(8, 8), (3, 3), (2, 7), (9, 4), (5, 7), (5, 5)]
torch.set_grad_enabled(False)

config = SimpleNamespace(
    hidden_size=WIDTH, image_size=GRID * PATCH, patch_size=PATCH, num_channels=3, hidden_dropout_prob=0.0, use_mask_token=True, num_register_tokens=2,
)
tokens = torch.zeros(1, GRID * GRID, WIDTH)
flat = torch.from_numpy(TABLE.reshape(-1, WIDTH))
with_cls = torch.cat([torch.full((1, WIDTH), 9.0), flat])


def of_transformers(embeddings, name, cls):
    module = embeddings(config)
    table = with_cls if cls else flat
    if name == "position_embedding":
        module.position_embedding.weight.copy_(table)
        module.position_ids = torch.arange(len(table))[None]
    else:
        module.position_embeddings.copy_(table[None])

    def resize(rows, columns):
        sequence = torch.zeros(1, rows * columns + cls, WIDTH)
        return module.interpolate_pos_encoding(sequence, rows * PATCH, columns * PATCH)[0, int(cls) :].numpy()

    return resize


def as_channels(x):
    return x.reshape(1, GRID, GRID, WIDTH).permute(0, 3, 1, 2)


def as_rows(x):
    return x.permute(0, 2, 3, 1).reshape(-1, WIDTH).numpy()


def dinov2(antialias, offset):
    """facebookresearch/dinov2, dinov2/models/vision_transformer.py, interpolate_pos_encoding."""

    def resize(rows, columns):
        if rows == columns == GRID:
            return flat.numpy()
        to = {"scale_factor": ((rows + offset) / GRID, (columns + offset) / GRID)} if offset else {"size": (rows, columns)}
        return as_rows(F.interpolate(as_channels(flat), mode="bicubic", antialias=antialias, **to))

    return resize


def tips(rows, columns):
    """google-deepmind/tips, pytorch/image_encoder.py as its scripts call it: interpolate_antialias=True, interpolate_offset=0."""
    return as_rows(F.interpolate(as_channels(flat), size=(rows, columns), mode="bilinear", antialias=True))


def scenic(rows, columns):
    """google-deepmind/tips, scenic/models/vit.py, add_positional_encodings."""
    return np.asarray(jax.image.resize(TABLE[None], (1, rows, columns, WIDTH), "bilinear")).reshape(-1, WIDTH)


def eva_clip(rows, columns):
    """baaivision/EVA, EVA-CLIP/rei/eva_clip/utils.py, resize_evaclip_pos_embed."""
    return as_rows(F.interpolate(as_channels(flat), size=(rows, columns), mode="bicubic", align_corners=False))


def big_vision(rows, columns):
    """google-research/big_vision, big_vision/models/vit.py, resample_posemb (of square grids)."""
    return scipy.ndimage.zoom(TABLE, (rows / GRID, columns / GRID, 1), order=1).reshape(-1, WIDTH)


def of_open_clip(rows, columns):
    if rows * columns == GRID * GRID:
        return flat.numpy()
    state = {"visual.positional_embedding": with_cls}
    resize_pos_embed(state, SimpleNamespace(visual=SimpleNamespace(grid_size=(rows, columns))))
    return state["visual.positional_embedding"][1:].numpy()


SOURCES = {
    "TIPS, scenic": scenic,
    "TIPS, PyTorch": tips,
    "transformers, Tipsv2": of_transformers(modeling_tipsv2.Tipsv2VisionEmbeddings, "position_embeddings", True),
    "transformers, CLIP": of_transformers(CLIPVisionEmbeddings, "position_embedding", True),
    "transformers, SigLIP": of_transformers(SiglipVisionEmbeddings, "position_embedding", False),
    "transformers, DINOv2": of_transformers(Dinov2Embeddings, "position_embeddings", True),
    "transformers, DINOv2 with registers": of_transformers(Dinov2WithRegistersEmbeddings, "position_embeddings", True),
    "DINOv2": dinov2(False, 0.1),
    "DINOv2 with registers": dinov2(True, 0.0),
    "open_clip": of_open_clip,
    "timm": lambda rows, columns: resample_abs_pos_embed(with_cls[None], [rows, columns])[0, 1:].numpy(),
    "EVA-CLIP": eva_clip,
    "big_vision": big_vision,
}

versions = {m.__name__: m.__version__ for m in (torch, transformers, open_clip, timm, jax, scipy)}
print(versions)
short = lambda values: [float(f"{v:.6g}") for v in np.asarray(values, np.float64).ravel()]
resized = [
    {"source": source, "rows": rows, "columns": columns, "values": short(resize(rows, columns)[:, :2])}
    for source, resize in SOURCES.items()
    for rows, columns in GRIDS
]
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps({"versions": versions, "grid": GRID, "width": 2, "table": short(TABLE[..., :2]), "resized": resized}) + "\n")
print(OUT.stat().st_size)
