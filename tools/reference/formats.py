"""Writes packages/checkpoints/test/fixtures with NumPy, JAX, PyTorch and safetensors: files of named tensors in every format that is read.

    pip install numpy jax ml_dtypes torch safetensors huggingface_hub && python tools/reference/formats.py

Each `*.npz`, `*.pt` and folder of shards has a twin in safetensors that holds the same values, contiguous and little-endian:

numpy.safetensors    numpy.npz (stored), numpy-deflated.npz, numpy-zip64.npz (every field of the archive in 64 bits)
few.safetensors      few.npz, few-deflated.npz
layouts.safetensors  layouts.npz: axes in Fortran's order, big-endian numbers, headers of versions 2.0 and 3.0
torch.safetensors    torch-2.pt, torch-5.pt (by protocol of pickle), torch-big-endian.pt: views, shared storages, every element type
model.safetensors    checkpoint.pt (a state dict among other things), scripted.pt (TorchScript), sharded/ (with its index)

legacy.pt is of the format before PyTorch 1.6, module.pt a module saved whole, calls-os-system.pt what its name says.
"""

import argparse
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import huggingface_hub
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import safetensors
import torch
from safetensors.numpy import save as save_numpy
from safetensors.torch import save as save_torch

HERE = Path(__file__).resolve().parents[2] / "packages" / "checkpoints" / "test" / "fixtures"
REAL = ["float16", "float32", "float64"]
WHOLE = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


def values(dtype, shape=(2, 3)):
    """Extreme and ordinary values of a type."""
    count = int(np.prod(shape))
    if dtype == "bool":
        return (np.arange(count) % 3 == 0).reshape(shape)
    rng = np.random.default_rng(len(dtype) * 100 + count)
    if dtype in REAL:
        array = rng.standard_normal(count).astype(dtype)
        array[:1] = np.finfo(dtype).max
        array[1:2] = np.finfo(dtype).smallest_subnormal
        return array.reshape(shape)
    info = np.iinfo(dtype)
    array = rng.integers(info.min, info.max, count, dtype=dtype, endpoint=True)
    array[:2] = [info.min, info.max]
    return array.reshape(shape)


def contiguous(arrays):
    return {name: np.array(array, dtype=array.dtype.newbyteorder("<"), order="C") for name, array in arrays.items()}


def twin(name, arrays):
    (HERE / f"{name}.safetensors").write_bytes(save_numpy(contiguous(arrays)))


def numpy_files():
    arrays = {f"types/{dtype}": values(dtype) for dtype in ["bool", *WHOLE, *REAL]}
    arrays["types/bfloat16"] = np.asarray(jnp.asarray(values("float32"), jnp.bfloat16))
    arrays |= {"scalar": np.float64(-1.5), "scalar whole": np.int64(7), "none": np.zeros((0, 3), "float32"), "één": values("float32", (1,))}
    arrays |= {"one/axis": values("int16", (5,)), "long": values("int32", (1500,)), "repeated": np.tile(values("float32"), (200, 1))}
    # What jax.numpy.savez writes of bfloat16 is what numpy.savez writes of it.
    files = [io.BytesIO(), io.BytesIO()]
    jnp.savez(files[0], x=jnp.asarray(arrays["types/bfloat16"]))
    np.savez(files[1], x=arrays["types/bfloat16"])
    assert files[0].getvalue() == files[1].getvalue()
    np.savez(HERE / "numpy.npz", **arrays)
    np.savez_compressed(HERE / "numpy-deflated.npz", **arrays)
    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 8, 1
    np.savez(HERE / "numpy-zip64.npz", **arrays)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
    twin("numpy", arrays)
    few = {name: arrays[name] for name in ["types/bool", "types/bfloat16", "types/float16", "scalar", "none"]}
    few |= {"repeated": arrays["repeated"][:20]}
    np.savez(HERE / "few.npz", **few)
    np.savez_compressed(HERE / "few-deflated.npz", **few)
    twin("few", few)


def layout_files():
    cube = values("float32", (2, 3, 4))
    arrays = {f"fortran/{dtype}": np.asfortranarray(values(dtype, (2, 3, 4))) for dtype in ["uint8", "float16", "float32", "int64"]}
    arrays["fortran/scalar"] = np.asfortranarray(np.float32(2))
    arrays["fortran/none"] = np.asfortranarray(np.zeros((3, 0, 2), "int16"))
    arrays["transposed"] = cube.T
    arrays["permuted"] = cube.transpose(1, 0, 2)
    arrays["sliced"] = cube[:, ::2, 1:]
    arrays["fortran/bfloat16"] = np.asfortranarray(values("float32").astype(ml_dtypes.bfloat16))
    big = {f"big/{dtype}": values(dtype).astype(np.dtype(dtype).newbyteorder(">")) for dtype in WHOLE + REAL if np.dtype(dtype).itemsize > 1}
    big["big/fortran"] = np.asfortranarray(values("float64", (2, 3, 4)).astype(">f8"))
    arrays |= big
    with zipfile.ZipFile(HERE / "layouts.npz", "w") as archive:
        for i, (name, array) in enumerate(arrays.items()):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, array, version=[(1, 0), (2, 0), (3, 0)][i % 3])
        archive.writestr(zipfile.ZipInfo("notes.txt"), "beside the arrays")
    loaded = np.load(HERE / "layouts.npz")
    twin("layouts", {name: loaded[name].view(arrays[name].dtype) for name in arrays})


def torch_tensors():
    tensors = {dtype: torch.from_numpy(values(dtype)) for dtype in ["bool", *WHOLE, *REAL]}
    tensors["bfloat16"] = torch.from_numpy(values("float32")).bfloat16()
    base = torch.from_numpy(values("float32", (4, 6)))
    tensors |= {"base": base, "transposed": base.t(), "row": base[2], "column": base[:, 1], "block": base[1:3, 2:5], "every other": base[::2, ::3]}
    halves, longs, bytes_ = base.half(), torch.arange(24).reshape(2, 3, 4), torch.arange(6, dtype=torch.uint8).reshape(2, 3)
    tensors |= {"halves.T": halves.t(), "longs.permuted": longs.permute(2, 0, 1), "longs.last": longs[1:, 1:, 1:], "bytes.T": bytes_.t()}
    tensors |= {"channels last": torch.from_numpy(values("float32", (2, 3, 2, 2))).contiguous(memory_format=torch.channels_last)}
    tensors |= {"expanded": torch.tensor([[1.0], [2.0]]).expand(2, 5), "overlapping": torch.arange(6.0).as_strided((3, 3), (1, 1))}
    tensors |= {"scalar": torch.tensor(2.5), "none": torch.zeros(0, 3), "none within": base[4:], "parameter": torch.nn.Parameter(torch.ones(3))}
    tensors["parameter with state"] = torch.nn.Parameter(torch.ones(2))
    tensors["parameter with state"].note = "kept beside it"
    return tensors


def torch_files():
    tensors = torch_tensors()
    for protocol in (2, 5):
        torch.save(tensors, HERE / f"torch-{protocol}.pt", pickle_protocol=protocol)
    twin_of = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    (HERE / "torch.safetensors").write_bytes(save_torch(twin_of))
    # As a big-endian machine would write it; torch.load reads it back, but for untyped storages, whose bytes it does not swap.
    read = zipfile.ZipFile(HERE / "torch-2.pt")
    keys = {}

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if module == "torch.storage":
                return name
            return super().find_class(module, name)

        def persistent_load(self, saved):
            _, kind, key, _, count = saved
            keys[key] = kind if isinstance(kind, str) else torch._utils._element_size(kind.dtype)
            storage = torch.UntypedStorage(count if isinstance(kind, str) else count * keys[key])
            dtype = torch.uint8 if isinstance(kind, str) else kind.dtype
            return torch.storage.TypedStorage(wrap_storage=storage, dtype=dtype, _internal=True)

    Unpickler(io.BytesIO(read.read("torch-2/data.pkl"))).load()
    unsigned = iter([2, 4, 8])  # The untyped storages, in the order of WHOLE: uint16, uint32, uint64.
    with zipfile.ZipFile(HERE / "torch-big-endian.pt", "w") as archive:
        for info in read.infolist():
            content = read.read(info)
            key = info.filename.rsplit("/", 1)[1]
            if info.filename.endswith("/byteorder"):
                content = b"big"
            elif "/data/" in info.filename:
                width = next(unsigned) if isinstance(keys[key], str) else keys[key]
                content = np.frombuffer(content, f"V{width}").view("u1").reshape(-1, width)[:, ::-1].tobytes()
            archive.writestr(zipfile.ZipInfo(info.filename.replace("torch-2", "archive")), content)
    loaded = torch.load(HERE / "torch-big-endian.pt", weights_only=True)
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items() if name not in ("uint16", "uint32", "uint64"))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 4)
        self.blocks = torch.nn.Sequential(torch.nn.Linear(4, 4).half(), torch.nn.BatchNorm1d(4))
        self.register_buffer("steps", torch.tensor(7))
        self.widths = [3, 4]
        self.scales = {"a": 0.5}

    def forward(self, x):
        return self.blocks[1](self.first(x))


class Caller:
    def __reduce__(self):
        return os.system, ("echo called",)


def model_files():
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters())
    net.first(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = net.state_dict()
    (HERE / "model.safetensors").write_bytes(save_torch(state))
    others = {"epoch": 3, "optimizer": optimizer.state_dict(), "args": argparse.Namespace(lr=0.1, name="a"), "best": 1.5, "rng": b"\x00\xff"}
    others |= {"seen": {1, 2}, "large": 2**70, "nothing": None, "device": torch.device("cuda:0"), "type": torch.float16, "size": torch.Size([2])}
    torch.save({**others, "loss": torch.tensor(0.5), "model": state}, HERE / "checkpoint.pt")
    scripted = io.BytesIO()
    torch.jit.save(torch.jit.script(net), scripted)
    # Without the records of where in which source file things came from.
    with zipfile.ZipFile(scripted) as read, zipfile.ZipFile(HERE / "scripted.pt", "w") as archive:
        for info in read.infolist():
            if not info.filename.endswith(".debug_pkl"):
                archive.writestr(zipfile.ZipInfo(info.filename), read.read(info))
    torch.jit.load(HERE / "scripted.pt")
    torch.save(state, HERE / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(net, HERE / "module.pt")
    torch.save({"weight": torch.ones(2), "extra": Caller()}, HERE / "calls-os-system.pt")
    (HERE / "sharded").mkdir(exist_ok=True)
    huggingface_hub.save_torch_state_dict(state, HERE / "sharded", max_shard_size=100)


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    numpy_files()
    layout_files()
    torch_files()
    model_files()
    modules = [np, jax, ml_dtypes, torch, safetensors, huggingface_hub]
    versions = {module.__name__: module.__version__.split("+")[0] for module in modules}
    (HERE / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
