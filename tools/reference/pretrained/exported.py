"""Writes packages/pretrained/test/fixtures/exported.safetensors: what transformers and both codes of TIPS compute with models that Vitrail exported.

    pip install torch transformers safetensors jax flax
    git clone https://github.com/google-deepmind/tips && git clone https://github.com/google-research/scenic
    node --conditions=@vitrail/source packages/pretrained/test/write-exported.ts EXPORTED
    PYTHONPATH=.:scenic XFORMERS_DISABLED=1 python tools/reference/pretrained/exported.py EXPORTED

Every file is loaded strictly. Metadata `sha256` says which files these are: a test that exports others would compare with nothing.
"""

import functools
import hashlib
import json
import sys
import types
from pathlib import Path

import flax
import numpy as np
import torch
from fixture import FIXTURES, channels_first, images
from safetensors.torch import save_file
from transformers import AutoImageProcessor, AutoModel

for name in ("tensorflow", "tensorflow_text", "ml_collections"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["ml_collections"].ConfigDict = dict

from tips.pytorch import image_encoder, text_encoder
from tips.scenic.models import tips as scenic_tips
from tips.scenic.models import vit as scenic_vit

EXPORTED = Path(sys.argv[1])
VOCABULARY, TOKENS = 263, 9
PIXELS = images(3, 2, 32, 32).sigmoid()
IDS = torch.tensor([[257, 258, 259, 0, 0, 0, 0, 0, 0], [5, 2, 29, 7, 1, 3, 262, 100, 99], [13, 0, 0, 0, 0, 0, 0, 0, 0]], dtype=torch.int32)
PADDING = (IDS == 0).float()


def split(tokens):
    return {"image.cls": tokens[:, :2], "image.patches": tokens[:, 2:].unflatten(1, (4, 4))}


def transformers(folder, _):
    model, report = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert not any(report.values()), report
    processor = AutoImageProcessor.from_pretrained(folder)
    assert (processor.size["height"], processor.do_normalize) == (32, False)
    assert abs(model.temperature.item() - np.exp(-2.5)) < 1e-7
    tokens = model.vision_model(pixel_values=channels_first(PIXELS)).last_hidden_state
    return split(tokens) | {"text": model.get_text_features(input_ids=IDS.long(), attention_mask=1 - PADDING.long()).pooler_output}


def pytorch(folder, gated):
    # "swiglu" makes its hidden width two thirds of the nominal one, up to a multiple of 8.
    vision = image_encoder.VisionTransformer(
        img_size=32, patch_size=8, embed_dim=64, depth=2, num_heads=1, mlp_ratio=1.5, num_register_tokens=1, ffn_layer="swiglu" if gated else "mlp",
        block_fn=functools.partial(image_encoder.Block, attn_class=image_encoder.MemEffAttention),
        block_chunks=0, init_values=1.0, interpolate_antialias=True, interpolate_offset=0.0,
    ).eval()
    text = text_encoder.TextEncoder(dict(hidden_size=64, mlp_dim=80, num_heads=1, num_layers=2), vocab_size=VOCABULARY).eval()
    for tower, name in ((vision, "vision"), (text, "text")):
        tower.load_state_dict({k: torch.from_numpy(v) for k, v in np.load(folder / f"{name}.npz").items()}, strict=True)
    out = vision(channels_first(PIXELS), is_training=True)
    tokens = torch.cat([out[f"x_norm_{part}"] for part in ("1st_clstoken", "2nd_clstoken", "patchtokens")], 1)
    return split(tokens) | {"text": text(IDS, PADDING)}


def scenic(folder, gated):
    sizes = lambda mlp, ffn: type("Fixed", (dict,), {"__setitem__": lambda *_: None})(
        hidden_size=64, num_layers=2, mlp_dim=mlp, num_heads=1, patch_size=(8, 8), ffn_layer=ffn
    )
    load = lambda name: flax.traverse_util.unflatten_dict(dict(np.load(folder / f"{name}.npz")), sep="/")
    vision, text = load("vision"), load("text")
    grid = vision["encoder"]["ToTokenSequence_0"]["posembed_input"].shape[1]
    scenic_vit.get_vit_config = lambda _: sizes(96, "swiglu" if gated else "mlp")
    tower = scenic_tips.VisionEncoder(variant="tiny", posembs=(grid, grid), dtype=None)
    patches, cls = tower.apply({"params": vision}, PIXELS.numpy(), train=False)
    scenic_vit.get_vit_config = lambda _: sizes(80, "mlp")
    pooled = scenic_tips.TextEncoder(variant="tiny", vocab_size=VOCABULARY, dtype=None).apply({"params": text}, IDS.numpy(), PADDING.numpy(), train=False)
    outputs = {"image.cls": cls, "image.patches": patches, "text": pooled}
    return {name: torch.from_numpy(np.array(x)) for name, x in outputs.items()}


# TIPS in PyTorch computes GELU exactly and scenic by tanh: each reads the models that compute as it does.
READERS = {
    "here/hf": transformers, "here/tips-scenic-npz": scenic,
    "torch/hf": transformers, "torch/tips-npz": pytorch,
    "fitted/hf": transformers, "fitted/tips-scenic-npz": scenic,
}  # fmt: skip

outputs, hashes = {}, {}
with torch.no_grad():
    for form, read in READERS.items():
        outputs |= {f"{form}.{name}": x.float().contiguous() for name, x in read(EXPORTED / form, form.startswith("fitted")).items()}
        hashes |= {f"{form}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted((EXPORTED / form).iterdir())}
outputs |= {"input.pixels": PIXELS.contiguous(), "input.ids": IDS, "input.padding": PADDING}
save_file(outputs, FIXTURES / "exported.safetensors", {"sha256": json.dumps(hashes), "torch": torch.__version__})
print({name: list(x.shape) for name, x in outputs.items()})
