"""Writes packages/pretrained/test/fixtures/{uta,eva*}: small models of UTA, EVA-CLIP and timm's EVA as their codes save them, and their outputs.

    pip install torch timm open_clip_torch einops safetensors
    git clone https://github.com/jihaonew/UTA && PYTHONPATH=UTA python tools/reference/pretrained/eva.py

uta                UTA's state dict, two heads; `larger`: its CLS tokens for pictures of 24 pixels, with positions on a grid of 6 x 6
eva02-clip         the same names with the norm inside of attention, which UTA's code has but does not use: as baaivision/EVA has EVA-02-CLIP
eva01-clip         fused queries, keys and values, GELU, no rotary positions: as baaivision/EVA has EVA-01-CLIP, the teacher of UTA
eva02-timm         SwiGLU with sub-LN, mean pooling, no classifier: eva02_base_patch14_224.mim_in22k and the like
eva02-timm-ti      fused projections without sub-LN, a classifier: eva02_tiny_patch14_336.mim_in22k_ft_in1k and the like, on another grid than 16 x 16
eva02-open-clip    open_clip's EVA02-B-16 in small
eva01-open-clip    open_clip's EVA01-g-14-plus in small

Patches are what the code computes for the CLS token, for each patch: norm and head. Two-dimensional rotary positions are computed in float32 by UTA's
code also in its float64 run.
"""

import json
import shutil

import open_clip
import timm
import torch
from eva_vit_model import eva_vit
from eva_vit_model.transformer import TextTransformer
from fixture import FIXTURES, channels_first, images, randomize, write_expected
from open_clip.model import CustomTextCLIP
from safetensors.torch import save_file
from timm.models import register_model
from timm.models.eva import Eva

WIDTH, EMBEDDING, VOCABULARY, TOKENS = 24, 20, 40, 7


def folder_of(form):
    folder = FIXTURES / form
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def inputs_for(side):
    ids = torch.tensor([[38, 3, 17, 39, 0, 0, 0], [38, 5, 1, 2, 4, 30, 39]], dtype=torch.int32)
    return {"pixels": images(1, 2, side, side), "ids": ids, "padding": (ids == 0).float()}


def named(cls, patches):
    side = round(patches.shape[1] ** 0.5)
    return {"image.cls": cls, "image.patches": patches.unflatten(1, (side, side))}


UTA_OPTIONS = dict(img_size=16, patch_size=4, embed_dim=WIDTH, depth=2, num_classes=EMBEDDING, use_mean_pooling=False)
UTA_OPTIONS["norm_layer"] = lambda width: torch.nn.LayerNorm(width, eps=1e-6)


class Uta(torch.nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.visual = eva_vit.EVAVisionTransformer(**(UTA_OPTIONS | options))
        self.text = TextTransformer(TOKENS, VOCABULARY, width=WIDTH, heads=1, layers=1, output_dim=EMBEDDING)
        self.logit_scale = torch.nn.Parameter(torch.ones([]))


def larger_of(model, **options):
    """The same weights for 24 x 24 pixels, with positions interpolated as baaivision/EVA does when it loads weights of another size."""
    larger = eva_vit.EVAVisionTransformer(**(UTA_OPTIONS | options | {"img_size": 24})).to(model.pos_embed.dtype).eval()
    state = {name: value for name, value in model.state_dict().items() if "rope" not in name}
    grid = state["pos_embed"][:, 1:].unflatten(1, (4, 4)).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=(6, 6), mode="bicubic", align_corners=False)
    state["pos_embed"] = torch.cat([state["pos_embed"][:, :1], grid.flatten(2).transpose(1, 2)], 1)
    missing, unexpected = larger.load_state_dict(state, strict=False)
    assert unexpected == [] and all("rope" in name for name in missing), (missing, unexpected)
    return larger


def of_uta(form, model, **options):
    folder = folder_of(form)
    randomize(model, 0)
    torch.save(model.state_dict(), folder / "model.pt")

    def run(model, inputs):
        visual, pixels = model.visual, channels_first(inputs["pixels"])
        tokens = visual.head(visual.norm(visual.forward_features(pixels, return_all_features=True)))
        torch.testing.assert_close(tokens[:, 0], visual(pixels))
        model.text.attn_mask = model.text.attn_mask.to(pixels.dtype)
        outputs = named(tokens[:, :1], tokens[:, 1:]) | {"text": model.text(inputs["ids"].long())}
        return outputs | ({"larger": larger_of(visual, **options)(channels_first(inputs["larger"]))} if options else {})

    inputs = inputs_for(16) | ({"larger": images(2, 2, 24, 24)} if options else {})
    write_expected(folder, inputs, model, run)


eva02 = dict(num_heads=2, mlp_ratio=2.6667, rope=True, intp_freq=True, naiveswiglu=True, subln=True)
of_uta("uta", Uta(**eva02), **eva02)
normed = Uta(**eva02)
for block in normed.visual.blocks:
    block.attn.inner_attn_ln = torch.nn.LayerNorm(WIDTH, eps=1e-6)
of_uta("eva02-clip", normed)
of_uta("eva01-clip", Uta(num_heads=1, mlp_ratio=2.5))


def of_timm(form, architecture, pretrained, **options):
    folder = folder_of(form)
    model = randomize(Eva(**options), 0)
    save_file(model.state_dict(), folder / "model.safetensors")
    config = {"architecture": architecture, "num_classes": model.num_classes, "num_features": model.num_features, "global_pool": model.global_pool}
    arguments = {name: value for name, value in options.items() if name != "num_classes"}
    side = options["img_size"]
    pretrained = {"input_size": [3, side, side], "fixed_input_size": True, "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center"} | pretrained
    (folder / "config.json").write_text(json.dumps(config | {"model_args": arguments, "pretrained_cfg": pretrained}, indent=2) + "\n")

    def run(model, inputs):
        tokens = model.forward_features(channels_first(inputs["pixels"]))
        pooled = model.forward_head(tokens, pre_logits=True)
        return named(pooled[:, None], model.fc_norm(tokens[:, 1:]))

    write_expected(folder, {"pixels": images(1, 2, side, side)}, model, run)


tiny = dict(patch_size=4, depth=2, swiglu_mlp=True, use_rot_pos_emb=True, ref_feat_shape=(16, 16))
base = dict(img_size=16, embed_dim=32, num_heads=2, mlp_ratio=4 * 2 / 3, qkv_fused=False, scale_mlp=True, num_classes=0)
of_timm("eva02-timm", "eva02_base_patch14_224", {}, **tiny, **base)
small = dict(img_size=24, embed_dim=24, num_heads=3, mlp_ratio=4 * 2 / 3, num_classes=5)
of_timm("eva02-timm-ti", "eva02_tiny_patch14_336", {"crop_pct": 1.0, "crop_mode": "squash"}, **tiny, **small)


@register_model
def eva02_base_patch16_clip_224_in_small(pretrained=False, **options):
    options.pop("pretrained_cfg", None), options.pop("pretrained_cfg_overlay", None), options.pop("cache_dir", None)
    eva02 = dict(num_heads=1, mlp_ratio=4 * 2 / 3, qkv_fused=False, scale_mlp=True, scale_attn_inner=True)
    return Eva(img_size=16, embed_dim=WIDTH, **(tiny | eva02 | options))


@register_model
def eva_giant_patch14_clip_224_in_small(pretrained=False, **options):
    options.pop("pretrained_cfg", None), options.pop("pretrained_cfg_overlay", None), options.pop("cache_dir", None)
    return Eva(img_size=16, patch_size=4, embed_dim=WIDTH, depth=2, num_heads=1, mlp_ratio=2.5, **options)


def of_open_clip(form, trunk):
    folder = folder_of(form)
    vision = {"image_size": 16, "timm_model_name": trunk, "timm_model_pretrained": False, "timm_pool": "token", "timm_proj": None}
    text = {"context_length": TOKENS, "vocab_size": VOCABULARY, "width": WIDTH, "heads": 2, "layers": 2}
    model = randomize(CustomTextCLIP(embed_dim=EMBEDDING, vision_cfg=vision, text_cfg=text), 0)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    config = {"model_cfg": {"embed_dim": EMBEDDING, "vision_cfg": vision, "text_cfg": text, "custom_text": True}}
    config["preprocess_cfg"] = {"mean": list(open_clip.OPENAI_DATASET_MEAN), "std": list(open_clip.OPENAI_DATASET_STD)}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")

    def run(model, inputs):
        trunk, pixels = model.visual.trunk, channels_first(inputs["pixels"])
        tokens = trunk.head(trunk.forward_features(pixels))
        torch.testing.assert_close(tokens[:, 0], model.encode_image(pixels))
        model.text.attn_mask = model.text.attn_mask.to(pixels.dtype)
        return named(tokens[:, :1], tokens[:, 1:]) | {"text": model.encode_text(inputs["ids"].long())}

    write_expected(folder, inputs_for(16), model, run)


of_open_clip("eva02-open-clip", "eva02_base_patch16_clip_224_in_small")
of_open_clip("eva01-open-clip", "eva_giant_patch14_clip_224_in_small")
print(timm.__version__, open_clip.__version__)
