"""save and load: what goes round, what is refused, and that nothing is ever run or half written."""

from __future__ import annotations

import collections
import contextlib
import io
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import warnings
import zipfile
from typing import ClassVar

import numpy as np
import pytest

import gradbook
from gradbook.errors import SerializationError
from gradbook.interop.torch_files import LEGACY_START
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


def text(value):
    """The instruction that pushes a text."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def integer(value):
    return b"\x8a\x08" + struct.pack("<q", value)


def numpy_integer(value):
    """A scalar of NumPy, whose arithmetic wraps around."""
    raw = b"c_codecs\nencode\n" + text(struct.pack("<q", value).decode("latin1")) + text("latin1") + b"\x86R"
    return b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n" + text("i8") + b"\x85R" + raw + b"\x86R"


def numpy_array(kind, shape, raw):
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R"
    return made + numpy_state(kind, shape, raw)


def numpy_state(kind, shape, raw):
    return b"(K\1" + shape + b"cnumpy\ndtype\n" + text(kind) + b"\x85R\x89C" + bytes([len(raw)]) + raw + b"tb"


def ordered(**attributes):
    """An OrderedDict with attributes: name -> instructions that push the value."""
    state = b"".join(text(name) + push for name, push in attributes.items())
    return b"ccollections\nOrderedDict\n)R}(" + state + b"ub"


STORED = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\2tQ"


def view(offset=b"K\0", size=b"K\2\x85", stride=b"K\1\x85", memory=STORED):
    """A call of _rebuild_tensor_v2, by the instructions that push its arguments."""
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + memory + offset + size + stride + b"\x89}tR"


def parameter(data, **attributes):
    state = b"".join(text(name) + push for name, push in attributes.items())
    return b"ctorch._utils\n_rebuild_parameter_with_state\n(" + data + b"\x89}}(" + state + b"utR"


def legacy(pickled, keys, *storages):
    """A file as PyTorch wrote it before 1.6. storages: the elements of each, as bytes."""
    after = b"".join(struct.pack("<q", len(raw) // 4) + raw for raw in storages)
    start = LEGACY_START + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    return start + pickled + pickle.dumps(keys, 2) + after


def compressed(pickled):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zf:
        zf.writestr("archive/data.pkl", pickled)
    return file.getvalue()


def twins(first, second):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zf, warnings.catch_warnings(action="ignore"):
        zf.writestr("archive/data.pkl", first)
        zf.writestr("archive/data.pkl", second)
    return file.getvalue()


ANY_ADDRESS = b"}(" + text("data") + b"K\x10\x89\x86" + text("shape") + b"K\4\x85" + text("typestr") + text("<u8")
ANY_ADDRESS += text("version") + b"K\3u"
RANGE = b"cbuiltins\nrange\n" + integer(10**15) + b"\x85R"
DEEP = b")" + b"\x85" * 200_000
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
    "a stored function is called": archive(b"]cposix\nsystem\na0."),
    "a memo is called": archive(b"ctorch\nTensor\nq\00h\0)R."),
    "a factory of ours": archive(b"ccollections\ndefaultdict\nctorch.serialization\n_get_layout\n\x85R."),
    "a layout that is a module's dict": archive(b"ctorch.serialization\n_get_layout\n" + text("__dict__") + b"\x85R."),
    "a class is changed": archive(b"ctorch\nTensor\n}" + text("add") + b"K\1sb."),
    "a function is changed": archive(b"ctorch\nSize\n}" + text("numel") + b"K\1sb."),
    "a device is changed": archive(b"ctorch\ndevice\n" + text("cpu") + b"\x85RN}" + text("type") + b"K\1s\x86b."),
    "a state that is no dict": archive(b"ccollections\nOrderedDict\n)RK\1b."),
    "another class": archive(ordered(__class__=b"K\1") + b"."),
    "any address": archive(ordered(__array_interface__=ANY_ADDRESS) + b"."),
    "any address, of a parameter": archive(parameter(view(), __array_interface__=ANY_ADDRESS) + b".", data__0=EIGHT),
    "a parameter of any address": archive(parameter(ordered(shape=b"K\1")) + b"."),
    "a storage that is none": archive(view(memory=ordered(flat=numpy_array("f4", b"K\2\x85", EIGHT))) + b"."),
    "an offset that wraps": archive(view(offset=numpy_integer(2**63 - 1)) + b".", data__0=EIGHT),
    "a count that wraps": archive(view(memory=STORED.replace(b"K\2", numpy_integer(2**61 + 2))) + b".", data__0=EIGHT),
    "a stride without end": archive(view(size=RANGE, stride=RANGE) + b".", data__0=EIGHT),
    "a shape without end": archive(numpy_array("f8", RANGE, b"") + b"."),
    "a set without end": archive(b"cbuiltins\nset\n" + RANGE + b"\x85R."),
    "a counter without end": archive(b"ccollections\nCounter\n" + RANGE + b"\x85R."),
    "a size without end": archive(b"ctorch\nSize\n" + RANGE + b"\x85\x81."),
    "a set of an expanded tensor": archive(
        b"cbuiltins\nset\n" + view(size=integer(2**50) + b"\x85", stride=b"K\0\x85") + b"\x85R.", data__0=EIGHT
    ),
    "an array of nothing, many times": archive(numpy_array("S0", integer(10**12) + b"\x85", b"") + b"."),
    "an array too large to look at": archive(numpy_array("f8", b"K\0" + integer(2**62) * 2 + b"\x87", b"") + b"."),
    "an array's length that wraps": archive(
        numpy_array("f8", b"(" + numpy_integer(2**62) + numpy_integer(4) + b"t", b"") + b"."
    ),
    "an array filled twice": archive(
        numpy_array("f8", b"K\1\x85", EIGHT) + numpy_state("f4", b"K\2\x85", EIGHT) + b"."
    ),
    "a deep key": archive(b"}" + DEEP + b"Ns."),
    "a deep key, many at once": archive(b"}(" + DEEP + b"Nu."),
    "a deep key, protocol 0": archive(b"(" + DEEP + b"Nd."),
    "a deep element": archive(b"\x8f(" + DEEP + b"\x90."),
    "a deep frozen element": archive(b"(" + DEEP + b"\x91."),
    "a deep element of a list": archive(b"cbuiltins\nset\n(" + DEEP + b"l\x85R."),
    "a compressed pickle": compressed(b"B" + struct.pack("<I", 10**6) + bytes(10**6) + b"."),
    "two pickles": twins(pickle.dumps(1, 2), pickle.dumps(Bomb(), 2)),
    "nested roots": archive(pickle.dumps(1, 2), x__data__pkl=b"").replace(b"data/pkl", b"data.pkl"),
    "a place that we lack": archive(view(memory=STORED.replace(text("cpu"), text("mps"))) + b".", data__0=EIGHT),
    "legacy, unwritten memory": legacy(view() + b".", []),
    "legacy, another's key": legacy(view() + b".", ["1"], EIGHT),
    "legacy, a place that we lack": legacy(view(memory=STORED.replace(text("cpu"), text("mps"))) + b".", ["0"], EIGHT),
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


def test_a_whole_model_reaches_no_further_than_modules_and_functions(tmp_path):
    """weights_only=False, too, hands out no module's dict, where a file could exchange functions."""
    before = dict(vars(gradbook.nn.functional))
    for name in ("__dict__", "__builtins__", "np", "annotations"):
        with pytest.raises(gradbook.errors.UnsafeFileError):
            gradbook.load(
                io.BytesIO(archive(f"ctorch._C._nn\n{name}\n".encode() + text("len") + b"K\1s.")), weights_only=False
            )
    assert vars(gradbook.nn.functional) == before


def test_a_legacy_file_and_a_defaultdict_are_taken():
    """The makers of hostile files above make good ones, too."""
    assert gradbook.load(io.BytesIO(legacy(view() + b".", ["0"], EIGHT))).tolist() == [0, 0]
    assert gradbook.load(io.BytesIO(archive(view() + b".", data__0=EIGHT))).tolist() == [0, 0]
    array = gradbook.load(io.BytesIO(archive(numpy_array("f4", b"K\2\x85", EIGHT) + b".")))
    assert array.dtype == np.float32
    file = io.BytesIO()
    gradbook.save(collections.defaultdict(list, a=[1]), file)
    file.seek(0)
    back = gradbook.load(file)
    assert (back["a"], back["b"], type(back)) == ([1], [], collections.defaultdict)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_no_name_hides_from_the_list_of_names(protocol):
    """The two texts of a name may have been pushed before, in the other order, and be taken from the memo."""
    hidden = b"\x80\x04\x8c\6system\x94\x8c\5posix\x940h\1h\0\x93."
    listed = gradbook.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(archive(hidden)))
    assert listed == ["posix.system"]
    bomb = pickle.dumps([1.5, ("x", {"y": b"z"}), {1, 2}, Bomb()], protocol)
    listed = gradbook.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(archive(bomb)))
    assert "builtins.getattr" in {name.replace("__builtin__", "builtins") for name in listed}


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
