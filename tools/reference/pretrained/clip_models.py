"""Writes packages/pretrained/test/fixtures/clip* and open-clip*: small models of CLIP as transformers and open_clip save them, and their outputs.

    pip install torch transformers open_clip_torch safetensors
    python tools/reference/pretrained/clip_models.py

clip                    CLIPModel, read at eos_token_id, which here is not the largest id
clip-vision             CLIPVisionModelWithProjection; images of 18 pixels in patches of 4, of which the last two are not looked at
clip-vision-alone       CLIPVisionModel, which has no projection
clip-with-position-ids  CLIPModel with exact GELU, whose configuration has the eos_token_id 2 and whose weights hold buffers of positions
open-clip               open_clip.CLIP: text at the top level, exact GELU, an MLP in the vision tower that is not four times as wide
open-clip-checkpoint    a checkpoint of open_clip's training by several processes: CustomTextCLIP with QuickGELU, and the bias of
                        SigLIP's loss
openai                  an archive of TorchScript in float16 without a configuration, as OpenAI publishes (heads are 64 wide in it, so each tower has
                        one): open_clip's model, traced. Its weights are multiples of 1/64, so that the archive can be deflated

`image.patches` are patch tokens through the layer norm and the projection of the CLS token; `value.patches` and `value-only.patches`, from
transformers, those of a last block in which every token keeps its value: with residual and MLP, and without. `wide.*`,
from transformers, are of images whose grid is neither square nor that of the positions, with `interpolate_pos_encoding`; `smaller.*` of open_clip's
model at 12 pixels, into which it loaded the weights.
"""

import io
import shutil
import zipfile

import open_clip
import torch
from fixture import FIXTURES, channels_first, images, randomize, write_expected
from open_clip.model import resize_pos_embed
from open_clip.push_to_hf_hub import save_config_for_hf
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModel, CLIPVisionModelWithProjection

PATCH, ROWS, EMBEDDING, VOCABULARY = 4, 4, 20, 30
# The end is 28; 29 is a token that was added later.
IDS = torch.tensor([[27, 5, 29, 7, 2, 9, 28, 28], [27, 4, 28, 28, 0, 0, 0, 0], [27, 28, 3, 0, 0, 0, 0, 0]], dtype=torch.int32)
INPUTS = {"pixels": images(1, 2, PATCH * ROWS, PATCH * ROWS), "ids": IDS, "padding": torch.zeros(3, 8)}


def folder_of(form):
    folder = FIXTURES / form
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def outputs(patches, cls, text):
    return {"image.cls": cls[:, None], "image.patches": patches.unflatten(1, (ROWS, ROWS)), "text": text}


def of_transformers(form, activation, end, before_save=lambda state: state):
    folder = folder_of(form)
    shared = dict(num_hidden_layers=2, hidden_act=activation)
    config = CLIPConfig(
        projection_dim=EMBEDDING,
        vision_config=shared | dict(hidden_size=24, num_attention_heads=3, intermediate_size=40, image_size=PATCH * ROWS, patch_size=PATCH),
        text_config=shared
        | dict(hidden_size=16, num_attention_heads=2, intermediate_size=64, vocab_size=VOCABULARY, max_position_embeddings=8, eos_token_id=end),
    )
    model = randomize(CLIPModel(config), 0)
    model.save_pretrained(folder)
    weights = folder / "model.safetensors"
    save_file(before_save(load_file(weights)), weights, {"format": "pt"})

    def run(model, inputs):
        tower = model.vision_model(channels_first(inputs["pixels"]))
        patches = model.visual_projection(model.vision_model.post_layernorm(tower.last_hidden_state[:, 1:]))
        text = model.text_projection(model.text_model(input_ids=inputs["ids"].long()).pooler_output)
        read = {f"{name}.patches": x for name, x in by_value(model, channels_first(inputs["pixels"])).items()}
        return outputs(patches, model.visual_projection(tower.pooler_output), text) | read

    write_expected(folder, INPUTS, model, run)


def vision_of_transformers(form, kind):
    folder = folder_of(form)
    sizes = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, patch_size=PATCH, image_size=PATCH * ROWS + 2)
    model = randomize(kind(CLIPVisionConfig(projection_dim=EMBEDDING, **sizes)), 1)
    model.save_pretrained(folder)
    tower, project = (model, lambda x: x) if kind is CLIPVisionModel else (model.vision_model, model.visual_projection)

    def run(_, inputs):
        outputs = {}
        for name, prefix, grid in (("pixels", "image", (ROWS, ROWS)), ("wide", "wide", (2, 7))):
            out = tower(channels_first(inputs[name]), interpolate_pos_encoding=name == "wide")
            patches = project(tower.post_layernorm(out.last_hidden_state[:, 1:]))
            outputs |= {f"{prefix}.cls": project(out.pooler_output)[:, None], f"{prefix}.patches": patches.unflatten(1, grid)}
        return outputs

    wide = images(2, 1, 2 * PATCH + 1, 7 * PATCH + 3)
    write_expected(folder, {"pixels": images(1, 2, PATCH * ROWS + 2, PATCH * ROWS + 2), "wide": wide}, model, run)


def by_value(model, pixels):
    x = model.vision_model(pixels, output_hidden_states=True).hidden_states[-2]
    last = model.vision_model.encoder.layers[-1]
    values = last.self_attn.out_proj(last.self_attn.v_proj(last.layer_norm1(x)))
    kept = x + values
    read = {"value": kept + last.mlp(last.layer_norm2(kept)), "value-only": values}
    project = lambda tokens: model.visual_projection(model.vision_model.post_layernorm(tokens[:, 1:]))
    return {name: project(tokens).unflatten(1, (ROWS, ROWS)) for name, tokens in read.items()}


def with_buffers(state):
    """As transformers before 4.31 saved."""
    sizes = {"vision_model": 1 + ROWS**2, "text_model": 8}
    return state | {f"{tower}.embeddings.position_ids": torch.arange(size)[None] for tower, size in sizes.items()}


def of_open_clip(form, kind, config, save):
    folder = folder_of(form)
    model = randomize(kind(**config), 0)
    open_clip.set_model_preprocess_cfg(model, {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4), "interpolation": "bilinear", "resize_mode": "squash"})
    save_config_for_hf(model, folder / "open_clip_config.json", {"custom_text": kind is open_clip.CustomTextCLIP} | config)
    save(model.state_dict(), folder)
    model.visual.output_tokens = True
    smaller = kind(**config | {"vision_cfg": config["vision_cfg"] | {"image_size": 12}}).eval()
    state = dict(model.state_dict())
    resize_pos_embed(state, smaller)
    smaller.load_state_dict(state)
    smaller.visual.output_tokens = True

    def run(model, inputs):
        cls, tokens = model.visual(channels_first(inputs["pixels"]))  # tokens after the layer norm
        small_cls, small_tokens = smaller.to(tokens.dtype).visual(channels_first(inputs["smaller"]))
        small = {"smaller.cls": small_cls[:, None], "smaller.patches": (small_tokens @ smaller.visual.proj).unflatten(1, (3, 3))}
        return outputs(tokens @ model.visual.proj, cls, model.encode_text(inputs["ids"].long())) | small

    write_expected(folder, INPUTS | {"smaller": images(3, 1, 12, 12)}, model, run)


def as_checkpoint(state, folder):
    wrapped = {f"module.{name}": x for name, x in state.items()}
    torch.save({"epoch": 3, "name": "tiny", "state_dict": wrapped, "optimizer": {"state": {}, "param_groups": []}}, folder / "epoch_3.pt")


def openai():
    folder = folder_of("openai")
    towers = dict(vision_cfg=dict(image_size=PATCH * ROWS, patch_size=PATCH, width=64, layers=1), text_cfg=dict(context_length=8, vocab_size=VOCABULARY, width=64, heads=1, layers=1))
    model = randomize(open_clip.CLIP(EMBEDDING, **towers, quick_gelu=True), 0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.round(64 * parameter) / 64)
    # Numbers that are in the state dict there.
    for name, value in {"input_resolution": PATCH * ROWS, "context_length": 8, "vocab_size": VOCABULARY}.items():
        if hasattr(model, name):
            delattr(model, name)
        model.register_buffer(name, torch.tensor(value))
    stored = io.BytesIO()
    torch.jit.save(torch.jit.trace(model, (torch.zeros(1, 3, PATCH * ROWS, PATCH * ROWS), IDS[:1].long())).half(), stored)
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(folder / "ViT-tiny.pt", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for member in source.infolist():
            if not member.filename.endswith(".debug_pkl"):
                target.writestr(member.filename, source.read(member))
    model.visual.output_tokens = True

    def run(model, inputs):
        cls, tokens = model.visual(channels_first(inputs["pixels"]))
        return outputs(tokens @ model.visual.proj, cls, model.encode_text(inputs["ids"].long()))

    write_expected(folder, INPUTS, model, run)


vision = dict(image_size=PATCH * ROWS, patch_size=PATCH, width=24, layers=2, head_width=8)
text = dict(context_length=8, vocab_size=VOCABULARY, width=16, heads=2, layers=2)
of_transformers("clip", "quick_gelu", 28)
of_transformers("clip-with-position-ids", "gelu", 2, with_buffers)
vision_of_transformers("clip-vision", CLIPVisionModelWithProjection)
vision_of_transformers("clip-vision-alone", CLIPVisionModel)
of_open_clip(
    "open-clip", open_clip.CLIP, dict(embed_dim=EMBEDDING, vision_cfg=vision | dict(mlp_ratio=1.5), text_cfg=text),
    lambda state, folder: save_file({name: x.contiguous() for name, x in state.items()}, folder / "open_clip_model.safetensors"),
)
of_open_clip("open-clip-checkpoint", open_clip.CustomTextCLIP, dict(embed_dim=EMBEDDING, vision_cfg=vision, text_cfg=text, quick_gelu=True, init_logit_bias=-10), as_checkpoint)
openai()
