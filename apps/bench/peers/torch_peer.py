"""PyTorch as a peer, eager, as it is used: torch_peer.py THREADS [cuda]. On CUDA it computes in bfloat16, by autocast."""

import sys

import torch
import torch.nn.functional as F

from peer import checksum, serve

EPSILON = 1e-6
DEVICE = sys.argv[2] if len(sys.argv) > 2 else "cpu"


def prepare(spec, inputs):
    tensors = {name: torch.from_numpy(array).to(DEVICE) for name, array in inputs.items()}
    return {"gemm": gemm, "attention": attention, "layer-norm": layer_norm, "vit-step": vit_step}[spec["kind"]](spec, tensors)


def autocast():
    return torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=DEVICE == "cuda")


def finish():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def gemm(spec, tensors):
    a = tensors["a"].mT if spec["transposeA"] else tensors["a"]
    b = tensors["b"].mT if spec["transposeB"] else tensors["b"]
    return operation(lambda: torch.matmul(a, b), no_grad=True)


def attention(spec, tensors):
    qkv = tensors["qkv"].requires_grad_()
    return operation(lambda: torch.autograd.grad(attend(qkv, spec["heads"]), qkv, tensors["dy"])[0])


def layer_norm(spec, tensors):
    x, scale, bias = (tensors[name].requires_grad_() for name in ("x", "scale", "bias"))

    def gradients():
        y = F.layer_norm(x, x.shape[-1:], scale, bias, EPSILON)
        return torch.autograd.grad(y, (x, scale, bias), tensors["dy"])[0]

    return operation(gradients)


def operation(compute, no_grad=False):
    last = None

    def run(repeats):
        nonlocal last
        with torch.set_grad_enabled(not no_grad), autocast():
            for _ in range(repeats):
                last = compute()
            finish()

    return run, lambda: checksum(last.float().cpu().numpy())


def attend(qkv, heads):
    batch, tokens, packed = qkv.shape
    q, k, v = (part.view(batch, tokens, heads, -1).transpose(1, 2) for part in qkv.chunk(3, dim=-1))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, packed // 3)


def vit_step(spec, tensors):
    """The step of src/workloads/vit-step.ts."""
    # torch keeps kernels as [outputs, inputs].
    params = {
        name.removeprefix("params."): torch.nn.Parameter(tensor.T.contiguous() if name.endswith(".kernel") else tensor)
        for name, tensor in tensors.items()
        if name.startswith("params.")
    }
    patches, target, keep = tensors["patches"], tensors["target"], tensors.get("keep")
    indices = None if keep is None else keep.long()[:, :, None].expand(-1, -1, target.shape[-1])
    optimizer = torch.optim.AdamW(params.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05, fused=True)
    loss = None

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], params[f"{name}.scale"], params[f"{name}.bias"], EPSILON)

    def linear(x, name):
        return F.linear(x, params[f"{name}.kernel"], params[f"{name}.bias"])

    def forward():
        x = linear(patches, "patchEmbed") + params["position"]
        if indices is not None:
            x = x.gather(1, indices)
        for i in range(spec["depth"]):
            block = f"blocks.{i}"
            x = x + linear(attend(linear(norm(x, f"{block}.norm1"), f"{block}.attn.qkv"), spec["heads"]), f"{block}.attn.proj")
            hidden = F.gelu(linear(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1"), approximate="tanh")
            x = x + linear(hidden, f"{block}.mlp.fc2")
        return norm(x, "norm")

    def run(repeats):
        nonlocal loss
        for _ in range(repeats):
            optimizer.zero_grad(set_to_none=True)
            with autocast():
                total = F.mse_loss(forward(), target)
            total.backward()
            optimizer.step()
            loss = total.detach()
        loss = loss.item()

    return run, lambda: loss


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    if DEVICE == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no CUDA device here")
    device = torch.cuda.get_device_name() if DEVICE == "cuda" else torch.backends.cpu.get_cpu_capability()
    version = f"PyTorch {torch.__version__}, eager, {device}"
    serve(version, torch.get_num_threads(), prepare)
