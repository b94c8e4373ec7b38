"""JAX as a peer, jitted, on the CPU: jax_peer.py THREADS."""

import os
import sys

THREADS = int(sys.argv[1])
# XLA makes as many threads as it may use processors when it starts.
os.environ["NPROC"] = str(THREADS)
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])

import jax
import jax.numpy as jnp

from peer import checksum, serve

EPSILON = 1e-6
RATE, BETA1, BETA2, ADAM_EPSILON, DECAY = 1e-3, 0.9, 0.999, 1e-8, 0.05


def prepare(spec, inputs):
    arrays = {name: jnp.asarray(array) for name, array in inputs.items()}
    return {"gemm": gemm, "attention": attention, "layer-norm": layer_norm, "vit-step": vit_step}[spec["kind"]](spec, arrays)


def gemm(spec, arrays):
    def product(a, b):
        return jnp.matmul(a.mT if spec["transposeA"] else a, b.mT if spec["transposeB"] else b)

    return operation(product, (arrays["a"], arrays["b"]))


def attention(spec, arrays):
    def gradient(qkv, dy):
        _, backward = jax.vjp(lambda x: attend(x, spec["heads"]), qkv)
        return backward(dy)[0]

    return operation(gradient, (arrays["qkv"], arrays["dy"]))


def layer_norm(spec, arrays):
    def gradients(x, scale, bias, dy):
        _, backward = jax.vjp(norm, x, scale, bias)
        return backward(dy)

    return operation(gradients, tuple(arrays[name] for name in ("x", "scale", "bias", "dy")))


def operation(f, arguments):
    """The checksum is that of the first result."""
    jitted = jax.jit(f)
    last = None

    def run(repeats):
        nonlocal last
        for _ in range(repeats):
            last = jax.block_until_ready(jitted(*arguments))

    return run, lambda: checksum(last[0] if isinstance(last, tuple) else last)


def norm(x, scale, bias):
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(jnp.square(centred), axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + EPSILON) * scale + bias


def attend(qkv, heads):
    batch, tokens, packed = qkv.shape
    q, k, v = (part.reshape(batch, tokens, heads, -1) for part in jnp.split(qkv, 3, axis=-1))
    return jax.nn.dot_product_attention(q, k, v).reshape(batch, tokens, packed // 3)


def vit_step(spec, arrays):
    """The step of src/workloads/vit-step.ts."""
    params = {name.removeprefix("params."): array for name, array in arrays.items() if name.startswith("params.")}
    keep = arrays.get("keep")
    indices = None if keep is None else keep.astype(jnp.int32)

    def forward(p, patches):
        def linear(x, name):
            return x @ p[f"{name}.kernel"] + p[f"{name}.bias"]

        def normed(x, name):
            return norm(x, p[f"{name}.scale"], p[f"{name}.bias"])

        x = linear(patches, "patchEmbed") + p["position"]
        if indices is not None:
            x = jnp.take_along_axis(x, indices[:, :, None], axis=1)
        for i in range(spec["depth"]):
            block = f"blocks.{i}"
            attended = attend(linear(normed(x, f"{block}.norm1"), f"{block}.attn.qkv"), spec["heads"])
            x = x + linear(attended, f"{block}.attn.proj")
            hidden = jax.nn.gelu(linear(normed(x, f"{block}.norm2"), f"{block}.mlp.fc1"), approximate=True)
            x = x + linear(hidden, f"{block}.mlp.fc2")
        return normed(x, "norm")

    def step(p, first, second, t, patches, target):
        def loss_of(p):
            return jnp.mean(jnp.square(forward(p, patches) - target))

        loss, grads = jax.value_and_grad(loss_of)(p)
        first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, grads)
        second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, grads)

        def update(p, m, v):
            direction = (m / (1 - BETA1**t)) / (jnp.sqrt(v / (1 - BETA2**t)) + ADAM_EPSILON)
            return p * (1 - RATE * DECAY) - RATE * direction

        return loss, jax.tree.map(update, p, first, second), first, second

    jitted = jax.jit(step, donate_argnums=(0, 1, 2))
    first = jax.tree.map(jnp.zeros_like, params)
    second = jax.tree.map(jnp.zeros_like, params)
    t, loss = 0, None

    def run(repeats):
        nonlocal params, first, second, t, loss
        for _ in range(repeats):
            t += 1
            value, params, first, second = jitted(params, first, second, float(t), arrays["patches"], arrays["target"])
            jax.block_until_ready(params)
            loss = float(value)

    return run, lambda: loss


if __name__ == "__main__":
    serve(f"JAX {jax.__version__}, jitted, CPU", THREADS, prepare)
