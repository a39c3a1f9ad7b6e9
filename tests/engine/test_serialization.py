"""save and load: what goes round, what is refused, and that nothing is ever run or half written."""

from __future__ import annotations

import collections
import contextlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from typing import ClassVar

import numpy as np
import pytest

import gradbook
from gradbook.errors import SerializationError
from gradbook.interop.torch_names import Name

RUN = []


class Bomb:
    """Unpickling this would leave a trace."""

    def __reduce__(self):
        return RUN.append, (1,)


def round_trip(obj, tmp_path):
    path = tmp_path / "object.gb"
    gradbook.save(obj, path)
    return gradbook.load(path)


DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_and_shape(name, tmp_path):
    for shape in ((), (0,), (3,), (2, 0, 3), (2, 3, 4)):
        x = (gradbook.rand(shape) * 10).to(getattr(gradbook, name))
        y = round_trip(x, tmp_path)
        assert y.dtype is x.dtype
        assert y.shape == x.shape
        np.testing.assert_array_equal(y._array, x._array)
        assert y._array.flags.writeable


def test_nested_objects(tmp_path):
    obj = {
        "list": [1, 2.5, None, True, "text", -1e300, 2**70],
        "tuple": (1, (2, [3])),
        3: {"nested": {(1, 2): gradbook.arange(3)}},
        "ordered": collections.OrderedDict(b=1, a=2),
        "set": {1, 2},
        "bytes": b"\x00\xff",
        "numbers": [float("inf"), float("-inf"), 1 + 2j],
        "types": [gradbook.float32, gradbook.device("cpu"), gradbook.Size([1, 2]), slice(1, None, 2), range(3)],
        "array": np.arange(4, dtype=np.float32),
        "scalar": np.float32(2.5),
        'odd " key/../with\n': gradbook.ones(1),
    }
    back = round_trip(obj, tmp_path)
    assert list(back) == list(obj)
    for key in ("list", "tuple", "ordered", "set", "bytes", "numbers", "types", "scalar"):
        assert back[key] == obj[key]
        assert type(back[key]) is type(obj[key])
    assert back[3]["nested"][1, 2].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(back["array"], obj["array"])
    assert np.isnan(round_trip(float("nan"), tmp_path))


def test_shared_tensors_are_kept_once_and_stay_shared(tmp_path):
    w = gradbook.randn(1000)
    back = round_trip({"a": w, "b": w, "same memory": w.detach(), "view": w[:10]}, tmp_path)
    assert back["a"] is back["b"]
    assert np.shares_memory(back["a"]._array, back["same memory"]._array)
    assert (tmp_path / "object.gb").stat().st_size < 6000
    np.testing.assert_array_equal(back["view"]._array, w._array[:10])


def test_nothing_is_saved_and_loaded(tmp_path):
    assert round_trip(None, tmp_path) is None


def test_memory_that_does_not_lie_in_order(tmp_path):
    x = gradbook.arange(24).reshape(2, 3, 4)
    for view in (x.T, x[:, ::2], x[..., 1], x.flip(0), x.to(gradbook.complex64).T, x[:, :1].expand(2, 3, 4)):
        np.testing.assert_array_equal(round_trip(view, tmp_path)._array, view._array)


def test_requires_grad_and_layout(tmp_path):
    x = gradbook.randn(3, 4, requires_grad=True)
    back = round_trip([x, x.T, x * 2], tmp_path)
    assert back[0].requires_grad
    assert back[0].is_leaf
    np.testing.assert_array_equal(back[1].detach()._array, x.detach()._array.T)
    assert back[2].is_leaf


def test_training_goes_on_from_a_checkpoint(tmp_path):
    def step(w, optimizer):
        optimizer.zero_grad()
        ((w - 3) ** 2).sum().backward()
        optimizer.step()

    w = gradbook.zeros(4, requires_grad=True)
    optimizer = gradbook.optim.Adam([w], lr=0.1)
    step(w, optimizer)
    saved = round_trip({"w": w.detach(), "optimizer": optimizer.state_dict(), "epoch": 3}, tmp_path)
    v = saved["w"].requires_grad_()
    resumed = gradbook.optim.Adam([v], lr=0.5)
    resumed.load_state_dict(saved["optimizer"])
    for _ in range(3):
        step(w, optimizer)
        step(v, resumed)
    np.testing.assert_array_equal(v.detach()._array, w.detach()._array)


def test_file_objects():
    file = io.BytesIO()
    gradbook.save({"a": gradbook.arange(5)}, file)
    file.seek(0)
    assert gradbook.load(file)["a"].tolist() == [0, 1, 2, 3, 4]

    class Pipe:  # reads, and can neither seek nor tell
        def __init__(self, raw):
            self.inner = io.BytesIO(raw)

        def read(self, n=-1):
            return self.inner.read(n)

    assert gradbook.load(Pipe(file.getvalue()))["a"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(SerializationError, match="cut short"):
        gradbook.load(Pipe(file.getvalue()[:-1]))


@pytest.mark.parametrize(
    ("obj", "place"),
    [
        ({"a": [1, {"hook": lambda: 1}]}, "a.1.hook"),
        ([threading.Lock()], "0"),
        (lambda: 1, "this object"),
        ({"key": {"inner": threading.Lock()}}, "key.inner"),
    ],
)
def test_what_no_file_can_hold_is_refused_by_its_place(obj, place, tmp_path):
    with pytest.raises(TypeError, match=f"cannot save .*{place}"):
        gradbook.save(obj, tmp_path / "file")
    with pytest.raises(pickle.PicklingError):
        gradbook.save(obj, io.BytesIO())
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_contains_itself_comes_back_as_it_was(tmp_path):
    loop = [1]
    loop.append(loop)
    back = round_trip(loop, tmp_path)
    assert back[1] is back


def safetensors_file(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def archive(pickle_bytes, **records):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zf:
        zf.writestr("archive/data.pkl", pickle_bytes)
        for name, data in records.items():
            zf.writestr(f"archive/{name.replace('__', '/')}", data)
    return file.getvalue()


def tensor_pickle(offset=0, size=(2,), stride=(1,), count=2, dtype="FloatStorage", key="0"):
    """The pickle of a tensor that may not fit its storage."""

    class Stored:
        pass

    class P(pickle._Pickler):
        dispatch: ClassVar = dict(pickle._Pickler.dispatch)

        def persistent_id(self, obj):
            return ("storage", Name("torch", dtype), key, "cpu", count) if isinstance(obj, Stored) else None

        def reducer_override(self, obj):
            if isinstance(obj, collections.UserDict):
                return Name("torch._utils", "_rebuild_tensor_v2"), (
                    Stored(), offset, size, stride, False, collections.OrderedDict(),
                )  # fmt: skip
            return NotImplemented

        def name(self, obj):
            self.write(b"c" + f"{obj.module}\n{obj.name}\n".encode())

        dispatch[Name] = name

    file = io.BytesIO()
    P(file, 2).dump(collections.UserDict())
    return file.getvalue()


F = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
EIGHT = b"\0" * 8
HOSTILE = {
    "empty": b"",
    "short": b"\x01\x02",
    "pickle": pickle.dumps(Bomb()),
    "old pickle": pickle.dumps(Bomb(), protocol=0),
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "npy": b"\x93NUMPY\x01\0" + b"\0" * 100,
    "text": b"hello, this is no checkpoint at all",
    "another zip": archive(b"").replace(b"data.pkl", b"data.txt"),
    "a program": archive(pickle.dumps(1, 2), constants__pkl=b"").replace(b"constants/pkl", b"constants.pkl"),
    "bomb": archive(pickle.dumps(Bomb(), 2)),
    "bomb, protocol 4": archive(pickle.dumps(Bomb(), 4)),
    "bomb, protocol 0": archive(pickle.dumps(Bomb(), 0)),
    "os.system": archive(b"cposix\nsystem\nX\x04\0\0\0true\x85R."),
    "getattr": archive(b"c__builtin__\ngetattr\nctorch\nSize\nX\x05\0\0\0__mro\x86R."),
    "eval by inst": archive(b"(S'1'\ni__builtin__\neval\n."),
    "obj": archive(b"(ctorch\nSize\no."),
    "extension": archive(b"\x80\x02\x82\x01."),
    "out of band": archive(b"\x80\x05\x97."),
    "a tensor is called": archive(tensor_pickle()[:-1] + b")R.", data__0=EIGHT),
    "a tensor is changed": archive(tensor_pickle()[:-1] + b"}X\x06\0\0\0_arrayK\x01sb.", data__0=EIGHT),
    "a dtype is called": archive(b"ctorch\nfloat32\n)R."),
    "an object array": archive(pickle.dumps(np.array([Bomb()], object), 2)),
    "a structured array": archive(pickle.dumps(np.zeros(2, [("a", "f4")]), 2)),
    "nothing on the stack": archive(b"."),
    "no end": archive(b"\x80\x02}"),
    "no pickle": archive(b"hello"),
    "unknown memo": archive(b"h\x07."),
    "a list that is no list": archive(b"}K\x01a."),
    "beyond the storage": archive(tensor_pickle(size=(3,)), data__0=EIGHT),
    "far beyond": archive(tensor_pickle(size=(2, 2), stride=(2**62, 2**62)), data__0=EIGHT),
    "before the storage": archive(tensor_pickle(offset=-1), data__0=EIGHT),
    "negative": archive(tensor_pickle(size=(-2,)), data__0=EIGHT),
    "backwards": archive(tensor_pickle(offset=1, stride=(-1,)), data__0=EIGHT),
    "a storage too large": archive(tensor_pickle(count=2**50), data__0=EIGHT),
    "a storage too small": archive(tensor_pickle(count=2), data__0=b"\0" * 7),
    "no storage": archive(tensor_pickle()),
    "another storage": archive(tensor_pickle(key="../../etc/passwd"), data__0=EIGHT),
    "unknown storage": archive(tensor_pickle(dtype="QInt8Storage"), data__0=EIGHT),
    "legacy bomb": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03." + pickle.dumps(Bomb(), 2),
    "huge header": (2**63).to_bytes(8, "little") + b"{}",
    "header beyond the end": (1000).to_bytes(8, "little") + b"{}",
    "no json": safetensors_file(b"{not json}"),
    "a list": safetensors_file([]),
    "no utf-8": safetensors_file(b'{"\xff": 1}'),
    "deep": safetensors_file(b'{"a":' * 100_000),
    "twins": safetensors_file(b'{"a": %s, "a": %s}' % ((json.dumps(F).encode(),) * 2), EIGHT),
    "cut": safetensors_file({"a": F}, b"\0" * 7),
    "more": safetensors_file({"a": F}, b"\0" * 9),
    "wrong size": safetensors_file({"a": {**F, "shape": [3]}}, EIGHT),
    "huge": safetensors_file({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
    "overlap": safetensors_file({"a": F, "b": {**F, "data_offsets": [4, 12]}}, b"\0" * 12),
    "hole": safetensors_file({"a": F, "b": {**F, "data_offsets": [12, 20]}}, b"\0" * 20),
    "dtype": safetensors_file({"a": {**F, "dtype": "OBJECT"}}, EIGHT),
    "missing": safetensors_file({"a": {"dtype": "F32"}}),
    "axes": safetensors_file({"a": {**F, "shape": [1] * 100, "data_offsets": [0, 4]}}, b"\0" * 4),
    "a dtype we lack": safetensors_file({"a": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}}, EIGHT),
    "long words": safetensors_file({"a": {**F, "dtype": "x" * 10_000}}, EIGHT),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_file_is_named_and_runs_nothing(name, tmp_path):
    path = tmp_path / "bad.gb"
    path.write_bytes(HOSTILE[name])
    RUN.clear()
    with pytest.raises(SerializationError, match=r"bad\.gb") as caught:
        gradbook.load(path)
    assert RUN == []
    assert len(str(caught.value)) < 700
    with pytest.raises(SerializationError):
        gradbook.load(io.BytesIO(HOSTILE[name]))


def test_every_cut_and_many_flipped_bits_are_refused_or_harmless(tmp_path):
    file = io.BytesIO()
    gradbook.save({"w": gradbook.arange(4), "n": [1, "x"]}, file)
    raw = file.getvalue()
    for end in range(len(raw)):
        with pytest.raises(SerializationError):
            gradbook.load(io.BytesIO(raw[:end]))
    rng = np.random.default_rng(0)
    for _ in range(400):
        changed = bytearray(raw)
        changed[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(SerializationError):  # anything else that comes out fails the test
            gradbook.load(io.BytesIO(bytes(changed)))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        gradbook.load(tmp_path / "nothing")


def test_a_failing_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    gradbook.save(1, path)
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        gradbook.save(2, path)
    monkeypatch.undo()
    assert gradbook.load(path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs a limit on the size of files")
def test_a_full_disk_keeps_the_old_file_and_names_it(tmp_path):
    path = tmp_path / "file"
    gradbook.save(1, path)
    program = textwrap.dedent(f"""
        import gradbook, resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            gradbook.save(gradbook.ones(1000), {str(path)!r})
        except OSError as error:
            print(error)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    assert gradbook.load(path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "other").touch()
    gradbook.save(1, tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_links_and_permissions_stay(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    gradbook.save(1, real)
    real.chmod(0o640)
    link.symlink_to(real)
    gradbook.save(2, link)
    assert link.is_symlink()
    assert gradbook.load(real) == 2
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_kill_in_the_middle_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "checkpoint"
    gradbook.save({"generation": "old", "w": gradbook.ones(10)}, path)
    program = textwrap.dedent(f"""
        import gradbook, time
        from gradbook.interop import torch_files
        def slow(file, obj):
            file.write(b"half of it")
            file.flush()
            print("halfway", flush=True)
            time.sleep(60)
        torch_files.write_archive = slow
        gradbook.save({{"generation": "new", "w": gradbook.zeros(10)}}, {str(path)!r})
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline().strip() == "halfway"
        assert len(list(tmp_path.iterdir())) == 2, "the new file grows beside the old one"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert gradbook.load(path)["generation"] == "old"
    gradbook.save({"generation": "newest"}, path)
    assert gradbook.load(path)["generation"] == "newest"


def test_map_location(tmp_path):
    gradbook.save(gradbook.ones(2), tmp_path / "x")
    for where in ("cpu", gradbook.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage):
        assert str(gradbook.load(tmp_path / "x", map_location=where).device) == "cpu"
