"""Writes packages/pretrained/test/fixtures/siglip*: small models of SigLIP as transformers and open_clip save them, and their outputs.

    pip install torch transformers timm open_clip_torch safetensors && python tools/reference/pretrained/siglip.py

siglip             SiglipModel; texts are projected to another width than theirs, as in SigLIP 2 giant-opt
siglip-vision      SiglipVisionModel; images of 18 pixels in patches of 4, of which the last two are not looked at, as in So400m/14 at 384 pixels
siglip-open-clip   CustomTextCLIP with the vision tower of timm: exact GELU for images, its tanh approximation for texts

Outputs: `image.cls` pooled, `image.patches` after the last norm, `text`; `wide.*` (transformers) of images whose grid is neither square nor that of
the positions, with `interpolate_pos_encoding`; `logits` between images and texts, which take scale and bias of the loss.
"""

import json
import shutil

import open_clip
import timm
import torch
import transformers
from fixture import FIXTURES, channels_first, images, randomize, write_expected
from open_clip.model import CustomTextCLIP
from safetensors.torch import save_file
from transformers import SiglipConfig, SiglipModel, SiglipVisionConfig, SiglipVisionModel

vision = dict(hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=3, image_size=16, patch_size=4)
text = dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=8, vocab_size=24, projection_size=24)


def folder_of(form):
    folder = FIXTURES / form
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def texts(vocabulary):
    ids = torch.randint(2, vocabulary, (3, 8), generator=torch.Generator().manual_seed(5), dtype=torch.int32)
    lengths = torch.tensor([3, 8, 6])
    padding = (torch.arange(8) >= lengths[:, None]).float()
    return {"ids": torch.where(padding.bool(), 1, ids), "padding": padding}


def image_outputs(tower, pixels, prefix, rows, columns, **options):
    out = tower(channels_first(pixels), **options)
    return {f"{prefix}cls": out.pooler_output[:, None], f"{prefix}patches": out.last_hidden_state.unflatten(1, (rows, columns))}


def of_transformers():
    folder = folder_of("siglip")
    model = randomize(SiglipModel(SiglipConfig(vision_config=vision, text_config=text)), 0)
    model.save_pretrained(folder)

    def run(model, inputs):
        outputs = image_outputs(model.vision_model, inputs["pixels"], "image.", 4, 4)
        outputs |= image_outputs(model.vision_model, inputs["wide"], "wide.", 2, 7, interpolate_pos_encoding=True)
        both = model(pixel_values=channels_first(inputs["pixels"]), input_ids=inputs["ids"].long())
        return outputs | {"text": model.get_text_features(inputs["ids"].long()).pooler_output, "logits": both.logits_per_image}

    write_expected(folder, {"pixels": images(1, 2, 16, 16), "wide": images(2, 1, 8, 28)} | texts(24), model, run)

    folder = folder_of("siglip-vision")
    model = randomize(SiglipVisionModel(SiglipVisionConfig(**vision | {"image_size": 18})), 1)
    model.save_pretrained(folder)
    write_expected(folder, {"pixels": images(3, 2, 18, 18)}, model, lambda model, inputs: image_outputs(model, inputs["pixels"], "image.", 4, 4))


def of_open_clip():
    folder = folder_of("siglip-open-clip")
    name = "vit_base_patch16_siglip_224"
    released = open_clip.get_model_config("ViT-B-16-SigLIP2")
    small = dict(width=24, heads=4, layers=2, mlp_ratio=1.5, vocab_size=30, context_length=8)
    config = {
        "embed_dim": 24,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": released["vision_cfg"] | {"image_size": 16},
        "text_cfg": released["text_cfg"] | small,
    }
    # The released architecture by its name, which says how many heads there are, made small.
    create = timm.create_model
    timm.create_model = lambda name, **options: create(name, embed_dim=24, depth=2, img_size=16, patch_size=4, mlp_ratio=2, **options)
    model = CustomTextCLIP(**{key: value for key, value in config.items() if key != "custom_text"})
    timm.create_model = create
    randomize(model, 2)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    preprocess = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "resize_mode": "squash"}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}, indent=1))

    def run(model, inputs):
        pixels = channels_first(inputs["pixels"])
        patches = model.visual.trunk.forward_features(pixels)
        outputs = {"image.cls": model.encode_image(pixels)[:, None], "image.patches": patches.unflatten(1, (4, 4))}
        return outputs | {"text": model.encode_text(inputs["ids"].long())}

    write_expected(folder, {"pixels": images(4, 2, 16, 16)} | texts(30), model, run)


of_transformers()
of_open_clip()
print(transformers.__version__)
