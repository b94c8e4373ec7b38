"""Writes packages/pretrained/test/fixtures/dinov2-*: small models of DINOv2 as transformers and facebookresearch/dinov2 save them, and their outputs.

    pip install torch transformers safetensors
    git clone https://github.com/facebookresearch/dinov2 && PYTHONPATH=dinov2 XFORMERS_DISABLED=1 python tools/reference/pretrained/dino_v2.py

dinov2                      Dinov2Model; images of 18 pixels in patches of 4, of which the last two are not looked at
dinov2-with-registers       Dinov2WithRegistersForImageClassification with SwiGLU
dinov2-official             the state dict of a backbone, in float16 (heads are 64 wide in it, so the model has one)
dinov2-official-registers   teacher_checkpoint.pth, which training saves: all under `teacher`; blocks in chunks, SwiGLU, registers, heads beside the backbone

Outputs: `image.*` after the last norm; `blocks.0` from transformers; `masked`, all tokens with the mask `mask`; and `wide.*` of images whose grid is
neither square nor that of the positions.
"""

import shutil

import torch
import transformers
from dinov2.models.vision_transformer import DinoVisionTransformer
from fixture import FIXTURES, channels_first, images, randomize, write_expected
from transformers import Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersForImageClassification


def folder_of(form):
    folder = FIXTURES / form
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def inputs_for(patch, rows, rest):
    side = patch * rows + rest
    mask = (torch.arange(2 * rows * rows).reshape(2, -1) * 7 % 5 < 2).float()
    return {"pixels": images(1, 2, side, side), "wide": images(2, 1, 2 * patch + rest, (rows + 3) * patch + rest), "mask": mask}


def named(tokens, registers, rows, columns, prefix):
    front = 1 + registers
    outputs = {f"{prefix}cls": tokens[:, :1], f"{prefix}patches": tokens[:, front:].unflatten(1, (rows, columns))}
    return outputs | ({f"{prefix}registers": tokens[:, 1:front]} if registers else {})


def write(folder, module, patch, rows, registers, tokens_of, rest=0):
    """Images have `rest` more pixels than patches fill. `tokens_of(module, pixels, mask)` gives all tokens after the norm and, where the code gives them, those of the first block."""

    def run(module, inputs):
        tokens, first = tokens_of(module, channels_first(inputs["pixels"]), None)
        wide, _ = tokens_of(module, channels_first(inputs["wide"]), None)
        masked, _ = tokens_of(module, channels_first(inputs["pixels"]), inputs["mask"].bool())
        outputs = named(tokens, registers, rows, rows, "image.") | named(wide, registers, 2, rows + 3, "wide.")
        return outputs | {"masked": masked} | ({} if first is None else {"blocks.0": first})

    write_expected(folder, inputs_for(patch, rows, rest), module, run)


def of_transformers(form, model, body):
    folder = folder_of(form)
    randomize(model, 0).save_pretrained(folder)
    config = model.config

    def tokens_of(_, pixels, mask):
        out = body(pixels, bool_masked_pos=mask, output_hidden_states=True)
        return out.last_hidden_state, out.hidden_states[1]

    registers = getattr(config, "num_register_tokens", 0)
    write(folder, model, config.patch_size, config.image_size // config.patch_size, registers, tokens_of, config.image_size % config.patch_size)


def official(form, save, **options):
    folder = folder_of(form)
    patch, rows = 4, 4
    model = DinoVisionTransformer(img_size=patch * rows, patch_size=patch, embed_dim=64, depth=2, num_heads=1, init_values=1.0, **options)
    randomize(model, 0).half()
    save(model.state_dict(), folder / "model.pth")
    model.float()

    def tokens_of(module, pixels, mask):
        out = module.forward_features(pixels, masks=mask)
        return torch.cat([out["x_norm_clstoken"][:, None], out["x_norm_regtokens"], out["x_norm_patchtokens"]], 1), None

    write(folder, model, patch, rows, model.num_register_tokens, tokens_of)


def save_teacher(state, path):
    heads = {f"{head}.last_layer.weight_v": torch.ones(3, 2) for head in ("dino_head", "ibot_head")}
    torch.save({"teacher": {f"backbone.{name}": x for name, x in state.items()} | heads}, path)


tiny = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, image_size=16, patch_size=4, mlp_ratio=2)
plain = Dinov2Model(Dinov2Config(**tiny | {"image_size": 18}))
of_transformers("dinov2", plain, plain)
gated = Dinov2WithRegistersForImageClassification(Dinov2WithRegistersConfig(**tiny, num_register_tokens=3, use_swiglu_ffn=True))
of_transformers("dinov2-with-registers", gated, gated.dinov2_with_registers)
official("dinov2-official", torch.save, mlp_ratio=1, block_chunks=0)
official(
    "dinov2-official-registers",
    save_teacher,
    mlp_ratio=0.5,
    block_chunks=2,
    ffn_layer="swiglufused",
    num_register_tokens=4,
    interpolate_antialias=True,
    interpolate_offset=0.0,
)
print(transformers.__version__)
