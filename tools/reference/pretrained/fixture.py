"""What the scripts that write packages/pretrained/test/fixtures/<form> share."""

from pathlib import Path

import torch
from safetensors.torch import save_file

FIXTURES = Path(__file__).parents[3] / "packages/pretrained/test/fixtures"


@torch.no_grad()
def randomize(module, seed):
    """Weights under which nothing can be swapped or left out without showing: norms, biases, scales and tokens are far from their defaults."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(module.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        last = name.split(".")[-1]
        if name.endswith(("position_embedding.weight", "token_embedding.weight")) or "pos" in last or "token" in last or last in ("probe", "latent"):
            value = 0.6 * noise
        elif parameter.dim() > 1:
            value = noise * (parameter.shape[1:].numel() ** -0.5)
        elif parameter.numel() == 1:
            value = 1 + noise
        elif "bias" in last:
            value = 0.3 * noise
        else:  # scales of norms, LayerScale
            value = 0.8 + 0.3 * noise
        parameter.copy_(value)
    return module.eval()


def write_expected(folder, inputs, module, run):
    """Writes expected.safetensors: the inputs and `run(module, inputs)`, a dictionary of outputs, computed in float64.

    Metadata `float32` is the largest difference between the reference's own runs in float32 and float64, normalised over the last axis as the tests do.
    """
    with torch.no_grad():
        single = run(module.float(), inputs)
        double = run(module.double(), {name: x.double() if x.is_floating_point() else x for name, x in inputs.items()})
    unit = lambda x: x.double() / x.double().norm(dim=-1, keepdim=True)
    rounding = max((unit(single[name]) - unit(double[name])).abs().max().item() for name in double)
    tensors = {f"input.{name}": x.contiguous() for name, x in inputs.items()}
    tensors |= {name: x.float().contiguous() for name, x in double.items()}
    save_file(tensors, folder / "expected.safetensors", {"float32": f"{rounding:.2e}", "torch": torch.__version__})
    total = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{folder.name}: {total / 1024:.0f} KB, float32 {rounding:.1e}")


def images(seed, *shape):
    """`[B, H, W, 3]`, as if prepared."""
    return torch.randn(*shape, 3, generator=torch.Generator().manual_seed(seed))


def channels_first(x):
    return x.permute(0, 3, 1, 2)
