"""PyTorch's files: what torch.save writes we read, what we write torch.load reads, of any age."""

from __future__ import annotations

import argparse
import collections
import io
import pickle
import zipfile

import numpy as np
import pytest

import gradbook
from gradbook import nn
from gradbook.backends import cuda
from gradbook.errors import SerializationError, UnsafeFileError
from gradbook.serialization import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    get_unsafe_globals_in_checkpoint,
    safe_globals,
)
from gradbook.tensor import Tensor
from tests.parity_tools import array_of, dtype_name

torch = pytest.importorskip("torch")

DTYPES = (
    "bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128"
).split()


def from_torch(obj, new=True, **options):
    file = io.BytesIO()
    torch.save(obj, file, _use_new_zipfile_serialization=new)
    file.seek(0)
    return gradbook.load(file, **options)


def to_torch(obj, **options):
    file = io.BytesIO()
    gradbook.save(obj, file)
    file.seek(0)
    return torch.load(file, **options)


def assert_equal(mine, theirs):
    assert dtype_name(mine) == dtype_name(theirs)
    if mine.numel() > 1:
        assert tuple(mine.stride()) == tuple(theirs.stride())
    assert mine.requires_grad == theirs.requires_grad
    np.testing.assert_array_equal(array_of(mine), array_of(theirs))


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_both_ways(name, new):
    for shape in ((), (0,), (3,), (2, 0, 3), (2, 3, 4)):
        x = torch.arange(max(1, int(np.prod(shape))))[: int(np.prod(shape))].reshape(shape).to(getattr(torch, name))
        mine = from_torch(x, new)
        assert_equal(mine, x)
        assert_equal(mine, to_torch(mine))
        assert mine._array.flags.writeable


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before 1.6"])
def test_views_share_their_memory_again(new):
    x = torch.arange(24.0).reshape(4, 6)
    parts = {"x": x, "t": x.T, "row": x[1], "steps": x[:, ::2], "wide": x[:, :1].expand(4, 3), "leaf": x.detach()}
    mine = from_torch(parts, new)
    back = to_torch(mine)
    for name, theirs in parts.items():
        assert_equal(mine[name], theirs)
        assert_equal(mine[name], back[name])
    mine["row"].fill_(-1)
    assert mine["x"][1].tolist() == [-1] * 6
    back["row"].fill_(-2)
    assert back["x"][1].tolist() == [-2] * 6


def test_what_pytorch_puts_off_is_done():
    z = torch.tensor([1 + 2j, 3 - 1j])
    for lazy in (z.conj(), z.conj().imag, z.imag):
        np.testing.assert_array_equal(from_torch(lazy).numpy(), lazy.resolve_conj().resolve_neg().numpy())


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before 1.6"])
def test_what_checkpoints_are_made_of(new):
    linear = torch.nn.Linear(2, 3)
    weight = torch.nn.Parameter(torch.ones(2))
    weight.note = "mine"
    obj = {
        "state": linear.state_dict(),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
        "noted": weight,
        "leaf": torch.ones(2, requires_grad=True),
        "size": torch.Size([2, 3]),
        "dtype": torch.bfloat16,
        "device": torch.device("cpu"),
        "text": "é",
        "bytes": b"\x00\xff",
        "numbers": (1, 2.5, True, None, 2**70, 1j),
        "set": {1, 2},
        "counter": collections.Counter("aab"),
        "default": collections.defaultdict(list, a=[1]),
        "array": np.arange(6.0).reshape(2, 3).T,
        "scalar": np.float32(2.5),
    }
    mine = from_torch(obj, new)
    assert mine["state"]._metadata == linear.state_dict()._metadata
    assert type(mine["state"]) is collections.OrderedDict
    assert type(mine["parameter"]) is nn.Parameter
    assert mine["parameter"].requires_grad
    assert not mine["frozen"].requires_grad
    assert mine["noted"].note == "mine"
    assert mine["leaf"].requires_grad
    assert mine["leaf"].is_leaf
    assert (mine["size"], mine["dtype"], mine["device"]) == ((2, 3), gradbook.bfloat16, gradbook.device("cpu"))
    for name in ("text", "bytes", "numbers", "set", "counter", "default", "scalar"):
        assert mine[name] == obj[name]
        assert type(mine[name]) is type(obj[name])
    np.testing.assert_array_equal(mine["array"], obj["array"])
    theirs = to_torch(mine, weights_only=False)
    for name in ("size", "dtype", "device", "numbers", "set", "default"):
        assert theirs[name] == obj[name]
    assert type(theirs["parameter"]) is torch.nn.Parameter
    assert theirs["noted"].note == "mine"


def test_torch_reads_a_state_dict_of_ours_with_weights_only():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = gradbook.optim.Adam(model.parameters())
    model(gradbook.randn(5, 3)).sum().backward()
    optimizer.step()
    theirs = to_torch({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3})
    twin = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    twin.load_state_dict(theirs["model"])
    other = torch.optim.Adam(twin.parameters())
    other.load_state_dict(theirs["optimizer"])
    np.testing.assert_array_equal(
        other.state_dict()["state"][0]["exp_avg"].numpy(), optimizer.state_dict()["state"][0]["exp_avg"].numpy()
    )


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before 1.6"])
def test_a_whole_model_of_torch_is_ours_when_asked(new):
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.GELU(), torch.nn.Flatten(), torch.nn.Linear(72, 3)
    ).eval()
    with pytest.raises(UnsafeFileError, match="weights_only=False"):
        from_torch(model, new)
    mine = from_torch(model, new, weights_only=False)
    assert type(mine) is nn.Sequential
    x = np.random.default_rng(0).normal(size=(2, 1, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(
        mine(gradbook.tensor(x)).detach().numpy(), model(torch.tensor(x)).detach().numpy(), atol=1e-6
    )
    mine[0].register_forward_hook(lambda *_: None).remove()


class Net(nn.Module):
    """A class of the user's."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.hidden = gradbook.ones(1)


def test_a_whole_model_of_ours(tmp_path):
    net = Net()
    gradbook.save(net, tmp_path / "net.pt")
    with pytest.raises(UnsafeFileError, match="Net"):
        gradbook.load(tmp_path / "net.pt")
    back = gradbook.load(tmp_path / "net.pt", weights_only=False)
    assert type(back) is Net
    assert back.layer.weight.tolist() == net.layer.weight.tolist()
    assert [name for name, _ in back.named_parameters()] == ["layer.weight", "layer.bias"]


class Settings:
    """An object of the user's, which is no Module."""

    def __init__(self, rate):
        raise AssertionError("loading makes it without calling this")


def settings():
    made = Settings.__new__(Settings)
    made.rate = 0.1
    return made


def test_other_classes_only_when_declared_safe(tmp_path):
    path = tmp_path / "checkpoint"
    gradbook.save({"settings": settings(), "arguments": argparse.Namespace(lr=0.5)}, path)
    for options in ({}, {"weights_only": False}):
        with pytest.raises(pickle.UnpicklingError, match=r"add_safe_globals\(\[Settings\]\)"):
            gradbook.load(path, **options)
    assert get_unsafe_globals_in_checkpoint(path) == [f"{__name__}.Settings", "argparse.Namespace"]
    with safe_globals([Settings, argparse.Namespace]):
        found = gradbook.load(path)
    assert (found["settings"].rate, found["arguments"].lr) == (0.1, 0.5)
    assert get_safe_globals() == []
    add_safe_globals([(Settings, f"{__name__}.Settings"), argparse.Namespace])
    try:
        assert get_safe_globals() == [Settings, argparse.Namespace]
        assert gradbook.load(path)["settings"].rate == 0.1
    finally:
        clear_safe_globals()
    with pytest.raises(UnsafeFileError):
        gradbook.load(path)


def test_a_subclass_of_tensor_declared_safe(tmp_path):
    made = Named._of(np.ones(2, np.float32))
    made.title = "x"
    gradbook.save(made, tmp_path / "x")
    with pytest.raises(UnsafeFileError):
        gradbook.load(tmp_path / "x")
    with safe_globals([Named]):
        back = gradbook.load(tmp_path / "x")
    assert (type(back), back.title, back.tolist()) == (Named, "x", [1, 1])


class Named(Tensor):
    """A tensor with a title."""


def test_mapped_tensors_are_changed_in_memory_only(tmp_path):
    path = tmp_path / "big.pt"
    x = torch.arange(1000.0)
    torch.save({"x": x, "y": x[10:20], "n": torch.arange(3)}, path)
    mine = gradbook.load(path, mmap=True)
    np.testing.assert_array_equal(mine["x"].numpy(), x.numpy())
    mine["x"][10] = -1.0
    assert mine["y"][0].item() == -1
    assert gradbook.load(path)["x"][10].item() == 10
    with pytest.raises(ValueError, match="file name"):
        gradbook.load(io.BytesIO(), mmap=True)


def test_records_lie_on_a_boundary_that_can_be_mapped(tmp_path):
    path = tmp_path / "x.pt"
    gradbook.save([gradbook.ones(3), gradbook.ones(5, dtype=gradbook.float64)], path)
    assert [t.tolist() for t in torch.load(path, mmap=True)] == [[1] * 3, [1] * 5]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            begin = info.header_offset + 30 + len(info.filename) + len(info.extra)
            assert begin % 64 == 0


def test_equal_objects_give_equal_files():
    files = [io.BytesIO() for _ in range(2)]
    for file in files:
        gradbook.save({"w": gradbook.arange(4), "n": 1}, file)
    assert files[0].getvalue() == files[1].getvalue()


def test_a_program_is_refused(tmp_path):
    path = tmp_path / "program.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"program/{name}", b"")
    with pytest.raises(SerializationError, match="TorchScript"):
        gradbook.load(path)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before 1.6"])
def test_a_gpu_that_is_not_there_is_named(new):
    if cuda.device_count():
        pytest.skip("there is one")
    file = io.BytesIO()
    torch.save(torch.ones(2), file, _use_new_zipfile_serialization=new)
    raw = file.getvalue().replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
    if new:
        raw = rezipped(file.getvalue(), b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
    with pytest.raises(SerializationError, match="map_location='cpu'"):
        gradbook.load(io.BytesIO(raw))
    for where in ("cpu", {"cuda:0": "cpu"}, lambda storage, location: storage, gradbook.device("cpu")):
        assert gradbook.load(io.BytesIO(raw), map_location=where).tolist() == [1, 1]


def rezipped(raw, old, new):
    """An archive with a changed pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info).replace(old, new))
    return out.getvalue()
