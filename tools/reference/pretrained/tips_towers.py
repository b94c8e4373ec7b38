"""Writes packages/pretrained/test/fixtures/tips-* and tipsv2-*: small models of TIPS as its two official codes and transformers save them.

    pip install torch transformers safetensors jax flax
    git clone https://github.com/google-deepmind/tips && git clone https://github.com/google-research/scenic
    PYTHONPATH=.:scenic XFORMERS_DISABLED=1 python tools/reference/pretrained/tips_towers.py

tips-scenic          VisionEncoder and TextEncoder of tips/scenic: vision.npz, text.npz
tips-scenic-gated    VisionEncoder with SwiGLU, alone
tips-pytorch         image_encoder and text_encoder of tips/pytorch (heads are 64 wide in it, so the model has one): vision.npz, text.npz
tips-pytorch-gated   image_encoder with SwiGLU, alone
tipsv2               Tipsv2Model
tipsv2-gated         Tipsv2Model with SwiGLU
tipsv2-vision        Tipsv2VisionModel

Weights of tips-pytorch are multiples of 1/64, so that its archives can be deflated (released ones hold any float32). Outputs: `image.*` after the last norm,
`text`; `wide.*` of an image whose grid is neither square nor that of the positions; `masked`, all tokens with the mask `mask`, from PyTorch.
Sinusoids are float32 in scenic and PyTorch whatever else is float64.
"""

import functools
import shutil
import sys
import types

import flax
import jax
import numpy as np
import torch
from fixture import FIXTURES, channels_first, images, randomize, write_expected
from transformers import Tipsv2Config, Tipsv2Model, Tipsv2VisionConfig, Tipsv2VisionModel

jax.config.update("jax_enable_x64", True)

# Only their tokenizers need TensorFlow, which is not run here.
for name in ("tensorflow", "tensorflow_text", "ml_collections"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["ml_collections"].ConfigDict = dict

from tips.pytorch import image_encoder, text_encoder
from tips.scenic.models import tips as scenic_tips
from tips.scenic.models import vit as scenic_vit

PATCH, ROWS, VOCABULARY = 4, 4, 30
IDS = torch.tensor([[5, 2, 29, 7, 1, 3], [4, 11, 8, 0, 0, 0], [13, 0, 0, 0, 0, 0]], dtype=torch.int32)
INPUTS = {
    "pixels": images(1, 2, PATCH * ROWS, PATCH * ROWS),
    "wide": images(2, 1, 2 * PATCH, (ROWS + 3) * PATCH),
    "mask": (torch.arange(2 * ROWS * ROWS).reshape(2, -1) * 7 % 5 < 2).float(),
}
TEXTS = {"ids": IDS, "padding": (IDS == 0).float()}


def folder_of(form):
    folder = FIXTURES / form
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def with_wide_mlps(module):
    """Twice the weights in MLPs: both kinds of GELU differ where their inputs are about 2."""
    with torch.no_grad():
        for name, parameter in randomize(module, 0).named_parameters():
            if parameter.dim() == 2 and ".mlp." in name:
                parameter.mul_(2)
    return module


class Scenic:
    """Modules of flax with the switches of precision that torch modules have."""

    def __init__(self, folder, heads, gated, text):
        sizes = dict(hidden_size=24, num_layers=2, mlp_dim=40, num_heads=heads, patch_size=(PATCH, PATCH), ffn_layer="swiglu" if gated else "mlp")
        # The text tower sets its number of layers to 12 in this dictionary: too many here.
        fixed = type("Fixed", (dict,), {"__setitem__": lambda *_: None})(sizes)
        scenic_vit.get_vit_config = lambda _: fixed
        self.vision = scenic_tips.VisionEncoder(variant="tiny", posembs=(ROWS, ROWS), dtype=None)
        self.text = scenic_tips.TextEncoder(variant="tiny", vocab_size=VOCABULARY, dtype=None) if text else None
        self.params = {"vision": self.vision.init(jax.random.key(0), np.zeros((1, 16, 16, 3)), train=False)["params"]}
        if text:
            self.params["text"] = self.text.init(jax.random.key(0), *(x.numpy() for x in TEXTS.values()), train=False)["params"]
        for number, tower in enumerate(self.params):
            flat = self.randomized(flax.traverse_util.flatten_dict(self.params[tower], sep="/"), np.random.default_rng(number))
            temperature = {"temperature_contrastive": np.float32(0.0051)} if tower == "text" else {}
            np.savez(folder / f"{tower}.npz", **flat, **temperature)
            self.params[tower] = flax.traverse_util.unflatten_dict(flat, sep="/")

    @staticmethod
    def randomized(flat, rng):
        def value(name, x):
            noise = rng.standard_normal(x.shape)
            last = name.split("/")[-1]
            if last in ("posembed_input", "cls", "emb_var"):
                return 0.6 * noise
            if last == "kernel":
                inputs = x.shape[0] if "query" in name or "key" in name or "value" in name else x.size // x.shape[-1]
                return noise * inputs**-0.5 * (2 if "MlpBlock_0" in name else 1)
            return 0.8 + 0.3 * noise if last == "scale" else 0.3 * noise

        return {name: value(name, x).astype(np.float32) for name, x in sorted(flat.items())}

    def cast(self, dtype):
        self.params = jax.tree.map(lambda x: np.asarray(x, dtype), self.params)
        return self

    float = functools.partialmethod(cast, np.float32)
    double = functools.partialmethod(cast, np.float64)

    def run(self, _, inputs):
        outputs = {}
        for view, prefix in (("pixels", "image"), ("wide", "wide")):
            patches, cls = self.vision.apply({"params": self.params["vision"]}, inputs[view].numpy(), train=False)
            outputs |= {f"{prefix}.cls": cls, f"{prefix}.patches": patches}
        if self.text:
            outputs["text"] = self.text.apply({"params": self.params["text"]}, inputs["ids"].numpy(), inputs["padding"].numpy(), train=False)
        return {name: torch.from_numpy(np.array(x)) for name, x in outputs.items()}


def scenic(form, **options):
    folder = folder_of(form)
    model = Scenic(folder, heads=3, **options)
    inputs = {name: INPUTS[name] for name in ("pixels", "wide")} | (TEXTS if options["text"] else {})
    write_expected(folder, inputs, model, model.run)


def images_of(tokens, pixels, masked):
    """Outputs of one tower whose `tokens(pixels, mask)` are [B, 2 + N, D]."""
    split = lambda x, rows, columns: (x[:, :2], x[:, 2:].unflatten(1, (rows, columns)))
    cls, patches = split(tokens(channels_first(pixels["pixels"]), None), ROWS, ROWS)
    wide_cls, wide_patches = split(tokens(channels_first(pixels["wide"]), None), 2, ROWS + 3)
    outputs = {"image.cls": cls, "image.patches": patches, "wide.cls": wide_cls, "wide.patches": wide_patches}
    return outputs | ({"masked": tokens(channels_first(pixels["pixels"]), pixels["mask"].bool())} if masked else {})


def pytorch(form, ffn, ratio, text):
    folder = folder_of(form)
    tower = image_encoder.VisionTransformer(
        img_size=PATCH * ROWS, patch_size=PATCH, embed_dim=64, depth=2, num_heads=1, mlp_ratio=ratio, num_register_tokens=1, ffn_layer=ffn,
        block_fn=functools.partial(image_encoder.Block, attn_class=image_encoder.MemEffAttention),
        block_chunks=0, init_values=1.0, interpolate_antialias=True, interpolate_offset=0.0,
    )
    model = torch.nn.ModuleDict({"vision": tower})
    if text:
        sizes = dict(hidden_size=64, mlp_dim=40, num_heads=1, num_layers=1)
        model["text"] = text_encoder.TextEncoder(sizes, vocab_size=VOCABULARY)
    with_wide_mlps(model)
    with torch.no_grad():
        tower.pos_embed[:, 0] = 0
        for parameter in model.parameters():
            parameter.copy_(torch.round(64 * parameter) / 64)
    for name, part in model.items():
        temperature = {"temperature": np.float32(0.0051)} if name == "text" else {}
        np.savez_compressed(folder / f"{name}.npz", **{k: v.numpy() for k, v in part.state_dict().items()}, **temperature)

    def run(model, inputs):
        def tokens(pixels, mask):
            out = model["vision"](pixels, masks=mask, is_training=True)
            return torch.cat([out[f"x_norm_{part}"] for part in ("1st_clstoken", "2nd_clstoken", "patchtokens")], 1)

        return images_of(tokens, inputs, True) | ({"text": model["text"](inputs["ids"], inputs["padding"])} if text else {})

    write_expected(folder, INPUTS | (TEXTS if text else {}), model, run)


def transformers(form, vision):
    folder = folder_of(form)
    sizes = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3)
    text = dict(intermediate_size=40, vocab_size=VOCABULARY, max_position_embeddings=8)
    model = Tipsv2Model(Tipsv2Config(text_config=sizes | text, vision_config=sizes | dict(image_size=PATCH * ROWS, patch_size=PATCH) | vision))
    with_wide_mlps(model)
    with torch.no_grad():
        model.vision_model.embeddings.position_embeddings[:, 0] = 0
    model.save_pretrained(folder)

    def run(model, inputs):
        tokens = lambda pixels, mask: model.vision_model(pixel_values=pixels, bool_masked_pos=mask).last_hidden_state
        text = model.get_text_features(input_ids=inputs["ids"].long(), attention_mask=1 - inputs["padding"].long())
        return images_of(tokens, inputs, True) | {"text": text.pooler_output}

    write_expected(folder, INPUTS | TEXTS, model, run)


def vision_of_transformers(form):
    folder = folder_of(form)
    sizes = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, image_size=PATCH * ROWS, patch_size=PATCH, mlp_ratio=2)
    model = with_wide_mlps(Tipsv2VisionModel(Tipsv2VisionConfig(**sizes)))
    with torch.no_grad():
        model.embeddings.position_embeddings[:, 0] = 0
    model.save_pretrained(folder)
    tokens = lambda pixels, mask: model(pixel_values=pixels, bool_masked_pos=mask).last_hidden_state
    write_expected(folder, INPUTS, model, lambda _, inputs: images_of(tokens, inputs, True))


scenic("tips-scenic", gated=False, text=True)
scenic("tips-scenic-gated", gated=True, text=False)
pytorch("tips-pytorch", "mlp", 0.75, text=True)
pytorch("tips-pytorch-gated", "swiglu", 0.75, text=False)
transformers("tipsv2", dict(mlp_ratio=2))
transformers("tipsv2-gated", dict(mlp_ratio=2, use_swiglu_ffn=True))
vision_of_transformers("tipsv2-vision")
