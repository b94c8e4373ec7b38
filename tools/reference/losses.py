"""Writes packages/losses/fixtures/representation.json with PyTorch, in float64: losses and the gradients of their means (Barlow: of its sum).

    pip install torch && python tools/reference/losses.py

labels      `F.cross_entropy` with probabilities as labels, smoothed by 0.2, in both directions
affinity    `F.cross_entropy` of a student's image-text logits with the softmax of a teacher's (of another width), both directions, their mean
simClr      NT-Xent from the whole [2B, 2B] matrix of both views
barlow      cross-correlation of two views, diagonal and off-diagonal terms by `torch.diagonal` and a mask
koLeo       DINOv2's: `F.normalize`, nearest by inner products with -1 on the diagonal, `nn.PairwiseDistance(eps=1e-8)`
sinkhorn    three rounds as in DINOv2 and SwAV, on [K, B], with scores of a low and a high temperature
swav        cross-entropies with the swapped assignments of two views
swaLip      the same between two views of images and two of texts, as CLIP-Rocket's SwALIP sums it up
patches     images cut by `nn.Unfold`, targets of each patch normalised with `torch.var`; mean squared and absolute error on masked patches
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
OUT = Path(__file__).parents[2] / "packages/losses/fixtures/representation.json"


def wave(*shape, seed):
    """Numbers without structure; the same in any language."""
    index = torch.arange(torch.Size(shape).numel())
    return torch.sin(1.3 * index + 0.1 * index**2 + seed).reshape(shape)


def numbers(tensor):
    return [round(value, 9) for value in tensor.detach().flatten().tolist()]


def case(inputs, losses, reduce=torch.mean, **more):
    """Inputs by name, losses, and the gradients of their reduction for the inputs that ask for one."""
    learned = {name: value for name, value in inputs.items() if value.requires_grad}
    gradients = torch.autograd.grad(reduce(losses), list(learned.values()))
    return {
        "inputs": {name: {"shape": list(value.shape), "values": numbers(value)} for name, value in inputs.items()},
        "losses": numbers(losses),
        "gradients": {name: numbers(gradient) for name, gradient in zip(learned, gradients)},
        **more,
    }


def leaf(*shape, seed, length=1.0):
    return (length * wave(*shape, seed=seed)).requires_grad_()


def pair_logits(images, texts, logit_scale):
    return logit_scale.exp() * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T


def labels():
    inputs = {"images": leaf(4, 5, seed=1, length=2), "texts": leaf(4, 5, seed=2), "logitScale": torch.tensor(1.7, requires_grad=True)}
    targets = {"toTexts": wave(4, 4, seed=3).softmax(-1), "toImages": wave(4, 4, seed=4).softmax(-1)}
    logits = pair_logits(**{"images": inputs["images"], "texts": inputs["texts"], "logit_scale": inputs["logitScale"]})
    rows = [F.cross_entropy(z, t, label_smoothing=0.2, reduction="none") for z, t in ((logits, targets["toTexts"]), (logits.T, targets["toImages"]))]
    return case({**inputs, **targets}, (rows[0] + rows[1]) / 2)


def affinity():
    student = [leaf(4, 5, seed=1, length=2), leaf(4, 5, seed=2), torch.tensor(1.7, requires_grad=True)]
    teacher = [wave(4, 3, seed=5), 3 * wave(4, 3, seed=6), torch.tensor(2.4)]
    own, goal = pair_logits(*student), pair_logits(*teacher)
    rows = [F.cross_entropy(z, t.softmax(-1), reduction="none") for z, t in ((own, goal), (own.T, goal.T))]
    names = ("images", "texts", "logitScale", "teacherImages", "teacherTexts", "teacherLogitScale")
    return case(dict(zip(names, [*student, *teacher])), (rows[0] + rows[1]) / 2)


def sim_clr(temperature=0.3):
    inputs = {"first": leaf(4, 5, seed=1, length=2), "second": leaf(4, 5, seed=2)}
    both = F.normalize(torch.cat(list(inputs.values())), dim=-1)
    logits = (both @ both.T / temperature).masked_fill(torch.eye(8, dtype=torch.bool), -torch.inf)
    rows = F.cross_entropy(logits, (torch.arange(8) + 4) % 8, reduction="none")
    return case(inputs, (rows[:4] + rows[4:]) / 2, temperature=temperature)


def barlow(off_diagonal=0.0051):
    inputs = {"first": leaf(4, 3, seed=1, length=2), "second": leaf(4, 3, seed=2)}
    correlation = inputs["first"].T @ inputs["second"] / 4
    on = (torch.diagonal(correlation) - 1) ** 2
    off = correlation.masked_fill(torch.eye(3, dtype=torch.bool), 0).pow(2).sum(1)
    return case(inputs, on + off_diagonal * off, torch.sum, offDiagonal=off_diagonal)


def ko_leo():
    x = leaf(6, 4, seed=3, length=3)
    z = F.normalize(x, eps=1e-8, dim=-1)
    nearest = (z @ z.T).fill_diagonal_(-1).argmax(1)
    return case({"x": x}, -torch.log(nn.PairwiseDistance(2, eps=1e-8)(z, z[nearest]) + 1e-8))


def assignment(scores, temperature, rounds=3):
    q = torch.exp(scores / temperature).T
    q = q / q.sum()
    for _ in range(rounds):
        q = q / q.sum(1, keepdim=True) / q.shape[0]
        q = q / q.sum(0, keepdim=True) / q.shape[1]
    return (q * q.shape[1]).T


def prototype_scores(rows, count, seeds):
    return F.normalize(wave(rows, 3, seed=seeds[0]), dim=-1), F.normalize(wave(3, count, seed=seeds[1]), dim=0)


def sinkhorn():
    features, prototypes = prototype_scores(6, 5, (1, 2))
    return {
        "features": numbers(features),
        "prototypes": numbers(prototypes),
        "rows": 6, "width": 3, "count": 5,
        "assignments": [
            {"temperature": t, "iterations": n, "values": numbers(assignment(features @ prototypes, t, n))}
            for t, n in ((0.05, 3), (0.05, 1), (0.5, 3), (0.02, 10))
        ],
    }


def swav(temperature=0.1, target_temperature=0.05):
    first, prototypes = prototype_scores(6, 5, (1, 2))
    second, _ = prototype_scores(6, 5, (3, 2))
    inputs = {"first": first.requires_grad_(), "second": second.requires_grad_(), "prototypes": prototypes.requires_grad_()}
    scores = [view @ prototypes for view in (first, second)]
    targets = [assignment(z.detach(), target_temperature) for z in scores]
    rows = [F.cross_entropy(z / temperature, t, reduction="none") for z, t in zip(scores, reversed(targets))]
    return case(inputs, (rows[0] + rows[1]) / 2, temperature=temperature, targetTemperature=target_temperature)


def swa_lip(target_temperature=0.05):
    names = ("image0", "image1", "text0", "text1")
    inputs = {name: leaf(4, 5, seed=number) for number, name in enumerate(names)} | {"logitScale": torch.tensor(2.1, requires_grad=True)}
    views = [F.normalize(inputs[name], dim=-1) for name in names]
    total = 0
    for queries, candidates in ((views[:2], views[2:]), (views[2:], views[:2])):
        for a in range(2):
            for b in range(2):
                target = assignment((queries[1 - a] @ candidates[1 - b].T).detach(), target_temperature)
                logits = inputs["logitScale"].exp() * queries[a] @ candidates[b].T
                total = total + F.cross_entropy(logits, target, reduction="none") / 2
    return case(inputs, total / 4, targetTemperature=target_temperature)


def patches():
    images = wave(2, 3, 4, 6, seed=1)  # [B, C, H, W]
    cut = nn.Unfold(2, stride=2)(images).reshape(2, 3, 2, 2, 6).permute(0, 4, 2, 3, 1).reshape(2, 6, 12)  # pixels as (y, x, channel)
    target = (cut - cut.mean(-1, keepdim=True)) / (cut.var(-1, keepdim=True) + 1e-6) ** 0.5
    prediction = leaf(2, 6, 12, seed=2)
    mask = torch.tensor([[1, 0, 1, 1, 0, 0], [0, 1, 1, 0, 0, 1]])
    marked = lambda error: (error.mean(-1) * mask).sum(-1) / mask.sum(-1)
    return {
        "images": {"shape": [2, 4, 6, 3], "values": numbers(images.permute(0, 2, 3, 1))},
        "mask": mask.flatten().tolist(),
        "patches": numbers(cut),
        "normalized": numbers(target),
        "mae": case({"prediction": prediction}, marked((prediction - target) ** 2)),
        "simMim": case({"prediction": prediction}, marked((prediction - cut).abs())),
    }


cases = {"labels": labels, "affinity": affinity, "simClr": sim_clr, "barlow": barlow, "koLeo": ko_leo, "sinkhorn": sinkhorn, "swav": swav, "swaLip": swa_lip, "patches": patches}
OUT.write_text(json.dumps({name: make() for name, make in cases.items()}) + "\n")
