"""Writes packages/losses/fixtures/uta.json: what UTA's own vision tower, tiny, makes of two pictures, whole and with half of the patches dropped.

    git clone https://github.com/jihaonew/UTA && pip install torch timm einops && python tools/reference/uta.py UTA

In float64; the parameters of the tower are `0.3 sin(1.3 k + 0.7 p)`, k the place in the p-th parameter by name, 1 more for weights of norms. The
loss is `-F.cosine_similarity` of the kept tokens and CLS, and its gradient that of the mean.
"""

import json
import sys
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, sys.argv[1])
from eva_vit_model.eva_vit import EVAVisionTransformer  # noqa: E402

OUT = Path(__file__).parents[2] / "packages/losses/fixtures/uta.json"
KEEP = torch.tensor([[0, 3, 5, 6, 10, 12, 13, 15], [1, 2, 4, 7, 8, 9, 11, 14]])

torch.set_default_dtype(torch.float64)
tower = EVAVisionTransformer(
    img_size=8, patch_size=2, num_classes=6, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2.6667, qkv_bias=True, rope=True, intp_freq=True,
    pt_hw_seq_len=16, naiveswiglu=True, subln=True, use_mean_pooling=False, norm_layer=partial(nn.LayerNorm, eps=1e-6),
).eval()
with torch.no_grad():
    for p, (name, parameter) in enumerate(sorted(tower.named_parameters())):
        parameter.copy_((0.3 * torch.sin(1.3 * torch.arange(parameter.numel()) + 0.7 * p)).reshape(parameter.shape))
        if name.endswith("weight") and ("norm" in name or "ffn_ln" in name):
            parameter.add_(1)


def tokens(images, keep=None):
    """The tower's own layers, its head on every token; positions are added before patches are dropped."""
    x = tower.patch_embed(images)
    x = torch.cat([tower.cls_token.expand(len(x), -1, -1), x], 1) + tower.pos_embed
    rotate = type(tower.rope).forward
    tower.rope.forward = partial(rotate, tower.rope, patch_indices_keep=keep)
    if keep is not None:
        x = torch.cat([x[:, :1], torch.take_along_dim(x[:, 1:], keep[:, :, None], 1)], 1)
    for block in tower.blocks:
        x = block(x)
    return tower.head(tower.norm(x))


def numbers(tensor):
    return [round(value, 9) for value in tensor.detach().flatten().tolist()]


images = torch.sin(0.05 * torch.arange(2 * 3 * 8 * 8)).reshape(2, 3, 8, 8)
teacher = tokens(images).detach()
student = tokens(images, KEEP).detach().requires_grad_()
seen = torch.cat([teacher[:, :1], torch.take_along_dim(teacher[:, 1:], KEEP[:, :, None], 1)], 1)
losses = -F.cosine_similarity(student, seen, dim=-1)
OUT.write_text(
    json.dumps({
        "keep": KEEP.flatten().tolist(),
        "teacher": numbers(teacher),
        "student": numbers(student),
        "losses": numbers(losses),
        "gradient": numbers(torch.autograd.grad(losses.mean(), student)[0]),
    }) + "\n"
)
print(teacher[0, 0], losses.mean(), losses[:, 0].mean())
