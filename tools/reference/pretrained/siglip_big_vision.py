"""Writes packages/pretrained/test/fixtures/siglip-big-vision: a small SigLIP as big_vision saves it, and its outputs.

    pip install "jax[cpu]" flax safetensors torch
    git clone https://github.com/google-research/big_vision && PYTHONPATH=big_vision python tools/reference/pretrained/siglip_big_vision.py

`big_vision.utils` and `big_vision.models.common`, which load checkpoints, are left out: they want TensorFlow.
"""

import functools
import shutil
import sys
import types

import jax

jax.config.update("jax_enable_x64", True)
for name in ("big_vision.utils", "big_vision.models.common"):
    sys.modules[name] = types.ModuleType(name)
import big_vision
import big_vision.models

big_vision.utils, big_vision.models.common = sys.modules["big_vision.utils"], sys.modules["big_vision.models.common"]

import numpy as np
from big_vision.models import vit
from big_vision.models.proj.image_text import text_transformer, two_towers
from fixture import FIXTURES
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors.numpy import save_file

rng = np.random.default_rng(0)
encoder = vit.Encoder
vision = dict(width=24, depth=2, mlp_dim=28, num_heads=3, patch_size=(4, 4), pool_type="map")
text = dict(width=28, depth=2, mlp_dim=32, num_heads=4, vocab_size=24)
pixels = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
ids = rng.integers(2, 24, (3, 8)).astype(np.int32)
padding = (np.arange(8) >= np.array([3, 8, 6])[:, None]).astype(np.float32)
ids = np.where(padding > 0, np.int32(1), ids)


def run(params, dtype):
    vit.Encoder = functools.partial(encoder, dtype_mm=dtype)
    cast = {name: x.astype(dtype) for name, x in params.items()}
    model = two_towers.Model(
        image=vision | {"dtype_mm": dtype}, text=text, out_dim=(None, 24), temperature_init=10.0, bias_init=-10.0
    )
    if not params:
        return flatten_dict(model.init(jax.random.key(0), pixels, ids)["params"], sep="/")
    _, _, out = model.apply({"params": unflatten_dict(cast, sep="/")}, pixels.astype(dtype), ids)
    grid = np.asarray(out["img/encoded"]).reshape(2, 4, 4, 24)
    return {
        "image.cls": np.asarray(out["img/normalized"] * out["img/norm"])[:, None],
        "image.patches": grid,
        "text": np.asarray(out["txt/normalized"] * out["txt/norm"]),
    }


def fill(name, shape):
    noise = rng.standard_normal(shape)
    last = name.split("/")[-1]
    if last in ("probe", "pos_embedding", "embedding"):
        return 0.6 * noise
    if last == "kernel":
        fan_in = np.prod(shape[:2]) if "/out/" in name else np.prod(shape[:-1]) if len(shape) == 4 else shape[0]
        return noise * fan_in**-0.5
    return (0.8 if last == "scale" else 0) + 0.3 * noise


params = {name: fill(name, x.shape).astype(np.float32) for name, x in run({}, "float32").items()}
double, single = run(params, "float64"), run(params, "float32")
assert all(x.dtype == np.float64 for x in double.values())
folder = FIXTURES / "siglip-big-vision"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
np.savez(folder / "model.npz", **{f"params/{name}": x for name, x in params.items()})
unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)
rounding = max(np.abs(unit(single[name]) - unit(double[name])).max() for name in double)
outputs = {name: x.astype(np.float32) for name, x in double.items()}
save_file(
    outputs | {"input.pixels": pixels, "input.ids": ids, "input.padding": padding},
    folder / "expected.safetensors",
    {"float32": f"{rounding:.2e}", "jax": jax.__version__},
)
print(f"{sum(file.stat().st_size for file in folder.iterdir()) / 1024:.0f} KB, float32 {rounding:.1e}")
