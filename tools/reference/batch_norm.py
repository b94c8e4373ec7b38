"""Writes packages/heads/fixtures/batch-norm.json with `torch.nn.BatchNorm1d`, in float64.

    pip install torch && python tools/reference/batch_norm.py

affine, plain   two calls in training on two batches, then one in evaluation: outputs, running statistics after each call, and the gradients of
                `sum(output * weight)` of the first and the last call for x (and scale and bias)
mlp             `nn.Sequential`: linear without bias, batch norm, ReLU, linear without bias, batch norm without parameters, as SiamLIP's projector
"""

import json
from pathlib import Path

import torch
from torch import nn

OUT = Path(__file__).parents[2] / "packages/heads/fixtures/batch-norm.json"
BATCH, WIDTH, HIDDEN, OUTPUTS = 5, 3, 4, 2
torch.set_default_dtype(torch.float64)


def wave(*shape, seed):
    """Numbers without structure; the same in any language."""
    index = torch.arange(torch.Size(shape).numel())
    return torch.sin(1.3 * index + 0.1 * index**2 + seed).reshape(shape)


def numbers(tensor):
    return [round(value, 9) for value in tensor.detach().flatten().tolist()]


def call(layer, x, learned):
    x = x.clone().requires_grad_()
    output = layer(x)
    weight = wave(*output.shape, seed=30)
    gradients = torch.autograd.grad((output * weight).sum(), [x, *learned])
    norms = [module for module in layer.modules() if isinstance(module, nn.BatchNorm1d)]
    return {
        "x": numbers(x),
        "output": numbers(output),
        "gradients": [numbers(gradient) for gradient in gradients],
        "statistics": [{"mean": numbers(norm.running_mean), "variance": numbers(norm.running_var)} for norm in norms],
    }


def batch_norm(affine):
    layer = nn.BatchNorm1d(WIDTH, affine=affine)
    if affine:
        with torch.no_grad():
            layer.weight.copy_(1 + 0.5 * wave(WIDTH, seed=3))
            layer.bias.copy_(wave(WIDTH, seed=4))
    learned = list(layer.parameters())
    batches = [3 * wave(BATCH, WIDTH, seed=1) + 2, wave(BATCH, WIDTH, seed=2) - 1]
    calls = [call(layer.train(), x, learned) for x in batches]
    calls.append(call(layer.eval(), batches[0], learned))
    return {"parameters": [numbers(parameter) for parameter in learned], "calls": calls}


def mlp():
    layers = nn.Sequential(
        nn.Linear(WIDTH, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, OUTPUTS, bias=False), nn.BatchNorm1d(OUTPUTS, affine=False)
    )
    learned = list(layers.parameters())
    with torch.no_grad():
        for number, parameter in enumerate(learned):
            parameter.copy_(wave(*parameter.shape, seed=10 + number) + (1.5 if parameter.dim() == 1 else 0))
    x = wave(BATCH, WIDTH, seed=1)
    return {"parameters": [numbers(parameter) for parameter in learned], "calls": [call(layers.train(), x, learned), call(layers.eval(), x, learned)]}


sizes = {"batch": BATCH, "width": WIDTH, "hidden": HIDDEN, "outputs": OUTPUTS}
OUT.write_text(json.dumps({**sizes, "affine": batch_norm(True), "plain": batch_norm(False), "mlp": mlp()}) + "\n")
