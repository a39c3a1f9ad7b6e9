"""`import torch` gives gradbook while as_torch is on, and what was there before when it is off."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import gradbook
from gradbook import alias
from gradbook.errors import NotProvidedError

torch: Any = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def left_as_it_was() -> Iterator[None]:
    before, finders = dict(sys.modules), list(sys.meta_path)
    yield
    left_on = alias.is_on()
    alias.as_torch(False)
    assert not left_on, "the test left the alias on"
    mine = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torch"}
    assert mine == {name: module for name, module in before.items() if name in mine}
    assert [finder for finder in sys.meta_path if finder not in finders] == []


def run(text: str) -> dict[str, Any]:
    """A user's program, run. -> its names."""
    names: dict[str, Any] = {}
    exec(text, names)
    return names


IMPORTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim.lr_scheduler
from torch import nn as nn_again, optim, Tensor
from torch.utils.data import DataLoader, Dataset
from torch.nn.parameter import Parameter
from torch.autograd import Function
import torch.autograd.gradcheck
"""


def test_the_usual_imports_give_gradbook() -> None:
    with gradbook.as_torch():
        names = run(IMPORTS)
    assert names["nn"] is names["nn_again"] is gradbook.nn
    assert names["F"] is gradbook.nn.functional
    assert names["optim"] is gradbook.optim
    assert names["Tensor"] is gradbook.Tensor
    assert names["DataLoader"] is gradbook.utils.data.DataLoader
    assert names["Parameter"] is gradbook.nn.Parameter
    assert names["torch"].randn is gradbook.randn
    assert callable(gradbook.autograd.gradcheck), "a module took the function's place"


def test_a_program_trains_and_off_gives_the_real_torch_back() -> None:
    program = """\
import torch
from torch import nn
net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
loss = net(torch.ones(4, 2)).pow(2).mean()
loss.backward()
"""
    assert isinstance(run(program)["loss"], torch.Tensor)
    with gradbook.as_torch():
        ours = run(program)
    assert isinstance(ours["loss"], gradbook.Tensor)
    assert ours["net"][0].weight.grad is not None
    assert run("import torch, torch.nn as nn")["nn"] is torch.nn


def test_it_is_a_switch_and_a_context_manager_that_nests() -> None:
    assert not alias.is_on()
    switched = gradbook.as_torch()
    assert alias.is_on()
    assert "gives gradbook" in repr(switched)
    with gradbook.as_torch(False):
        assert run("import torch")["torch"] is torch
    assert alias.is_on()
    with gradbook.as_torch():
        assert alias.is_on()
    assert alias.is_on(), "the inner block ends, the outer switch lasts"
    gradbook.as_torch(False)
    gradbook.as_torch(False)
    assert sys.modules["torch"] is torch
    with pytest.raises(KeyError), gradbook.as_torch():
        raise KeyError
    assert not alias.is_on()


def test_the_version_is_pytorchs_and_says_who_speaks() -> None:
    version = pytest.importorskip("packaging.version")
    with gradbook.as_torch():
        ours = importlib.import_module("torch")
        assert version.parse(ours.__version__) >= version.parse("2.0")
        assert ours.__version__ > "2.9"
        assert ours.__version__ >= (2, 0)
        assert ours.__version__ < "3"
        assert ours.__version__.split("+") == ["2.13.0", "gradbook"]
        assert ours.__version__.startswith(torch.__version__.split("+")[0])
        assert ours.version.cuda is None
        assert ours.version.__version__ == ours.__version__
        assert importlib.import_module("torch.version").hip is None
    assert gradbook.__version__ == gradbook.version.__version__ != ours.__version__


@pytest.mark.parametrize("left", ["2.13.0+gradbook", "1.9", "2.0.0"])
@pytest.mark.parametrize("right", ["2.13", "2.2", "1.10.1", (2,), (1, 9), "2.13.0+gradbook"])
def test_versions_compare_as_torchs(left: str, right: Any) -> None:
    theirs = torch.torch_version.TorchVersion(left)
    ours = gradbook.version.TorchVersion(left)
    for compare in ("__lt__", "__gt__"):
        if left.split("+")[0].rstrip(".0") == str(right).split("+")[0].rstrip(".0"):
            continue  # a local version is more than the plain one there, and the same here
        assert getattr(ours, compare)(right) == getattr(theirs, compare)(right), compare


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("import torchvision", "torchvision: .*PyTorch itself.*PIL"),
        ("from torchvision import models", "as_torch"),
        ("import torchvision.transforms as T", "torchvision"),
        ("import torchaudio", "torchaudio: "),
        ("import torchtext", "torchtext: "),
        ("import torch.package", "torch.package is not in gradbook.*state_dict"),
        ("from torch import nested", "torch.nested is not in gradbook"),
        ("from torch.ao import quantization", "float16"),
        ("from torch import no_such_thing", "torch.no_such_thing"),
        ("import torch.observe", "torch.observe"),
        ("import torch.tensor", "torch.tensor"),
        ("import torch.nn.no_such_thing", "torch.nn.no_such_thing"),
    ],
)
def test_what_is_not_here_says_so(statement: str, says: str) -> None:
    with gradbook.as_torch(), pytest.raises(ImportError, match=says) as caught:
        run(statement)
    assert isinstance(caught.value, NotProvidedError | ModuleNotFoundError)
    assert callable(gradbook.tensor)


def test_a_missing_attribute_says_so_and_what_is_only_ours_is_not_torchs() -> None:
    with gradbook.as_torch():
        ours = importlib.import_module("torch")
        assert not hasattr(ours, "observe")
        assert not hasattr(ours, "__no_such__")
        with pytest.raises(AttributeError, match=r"module 'torch' has no attribute 'no_such': .*under another name"):
            _ = ours.no_such
        assert {"nn", "Tensor", "__version__"} <= set(dir(ours))
        assert "observe" not in dir(ours)


def test_private_names_that_programs_touch_are_there_and_our_own_modules_are_not() -> None:
    with gradbook.as_torch():
        ours = importlib.import_module("torch")
        assert ours._foreach_add is gradbook._foreach_add
        assert ours.vmap is gradbook.vmap
        assert importlib.import_module("torch._C").Generator is gradbook.Generator
        for name in ("alias", "printing", "version_of_nothing", "errors", "einops_backend"):
            assert not hasattr(ours, name)


def test_a_stand_in_that_the_user_made_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with gradbook.as_torch():
        mine = ModuleType("torchaudio")
        monkeypatch.setitem(sys.modules, "torchaudio", mine)
        assert run("import torchaudio")["torchaudio"] is mine


def test_a_companion_of_the_real_torch_is_put_aside_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ModuleType("torchtext")
    monkeypatch.setitem(sys.modules, "torchtext", real)
    with gradbook.as_torch(), pytest.raises(ImportError, match="torchtext"):
        run("import torchtext")
    assert sys.modules["torchtext"] is real


def test_reload_find_spec_and_pickle() -> None:
    with gradbook.as_torch():
        ours = importlib.import_module("torch")
        assert importlib.reload(ours) is ours
        assert ours.ones is gradbook.ones
        spec = importlib.util.find_spec("torch")
        assert spec is not None
        assert spec.name == "torch"
        assert sys.modules["torch.nn"].__spec__.name == "gradbook.nn", "a module of ours keeps its own spec"
        assert pickle.loads(b"ctorch.nn.modules.linear\nLinear\n.") is gradbook.nn.Linear
        assert pickle.loads(pickle.dumps(ours)) is ours
    kept = pickle.dumps(gradbook.nn.Linear)
    assert pickle.loads(kept) is gradbook.nn.Linear


def test_a_change_to_the_alias_ends_with_it() -> None:
    with gradbook.as_torch():
        importlib.import_module("torch").randn = None
    with gradbook.as_torch():
        assert importlib.import_module("torch").randn is gradbook.randn


def test_every_namespace_is_torchs() -> None:
    for name in alias.NAMESPACES:
        assert name in dir(torch) or importlib.util.find_spec(f"torch.{name}"), name
    for name in alias.OWN:
        assert not hasattr(torch, name), name


def test_state_names_what_is_bound_to_the_other_one() -> None:
    names = {"torch": torch, "x": 1, "Linear": torch.nn.Linear}
    with gradbook.as_torch():
        assert alias.state(names).endswith("still bound to the other one: torch, Linear; run their imports again")
        ours = importlib.import_module("torch")
    assert alias.state({"torch": ours}).endswith("torch; run their imports again")
    assert alias.state(names) == "import torch gives PyTorch, if it is installed"


# -- einops ----------------------------------------------------------------------------------------------------------


def test_einops_works_on_our_tensors_and_on_torchs() -> None:
    einops = pytest.importorskip("einops")
    x = gradbook.arange(24.0).reshape(2, 3, 4).requires_grad_()
    t = torch.arange(24.0).reshape(2, 3, 4)

    def both(f: Any) -> None:
        ours, theirs = f(x), f(t)
        assert isinstance(ours, gradbook.Tensor)
        assert ours.tolist() == theirs.tolist()

    for on in (False, True):
        if not on:
            both(lambda v: einops.rearrange(v, "a b c -> c (a b)"))
            both(lambda v: einops.rearrange([v, v], "n a b c -> a n (b c)"))
            both(lambda v: einops.repeat(v, "a b c -> a (b two) c d", two=2, d=3))
            for how in ("min", "max", "mean", "sum", "prod"):
                both(lambda v, how=how: einops.reduce(v, "a (b two) c -> b", how, two=1))
            both(lambda v: einops.einsum(v, v, "a b c, a d c -> b d"))
            both(lambda v: einops.pack([v, v], "* b c")[0])
            both(lambda v: einops.reduce(v > 3, "a b c -> a", "all"))
        with gradbook.as_torch(on):
            assert einops.asnumpy(einops.rearrange(x.detach(), "a b c -> (a b c)")).tolist() == list(range(24))
    einops.rearrange(x, "a b c -> (a b c)").sum().backward()
    assert x.grad is not None
    assert x.grad.sum().item() == 24


def test_einops_layers_belong_to_the_torch_that_is_on() -> None:
    pytest.importorskip("einops")
    for on, nn, ones in (
        (False, torch.nn, torch.ones),
        (True, gradbook.nn, gradbook.ones),
        (False, torch.nn, torch.ones),
    ):
        with gradbook.as_torch(on):
            layers = run("from einops.layers.torch import Rearrange, Reduce, EinMix")
            net = nn.Sequential(
                layers["Rearrange"]("a b c -> a (b c)"),
                layers["Reduce"]("a (b two) -> a b", "max", two=2),
                layers["EinMix"]("a b -> a d", weight_shape="b d", bias_shape="d", b=6, d=2),
            )
            assert tuple(net(ones(2, 3, 4)).shape) == (2, 2)
            assert len(list(net.parameters())) == 2


IMPORTED_FIRST = "distributions fft func signal profiler jit utils.checkpoint cuda.amp masked hub autograd.functional"


def test_a_module_first_imported_as_torchs_is_gradbooks_and_whole() -> None:
    program = (
        "import importlib, sys, gradbook\n"
        "gradbook.as_torch()\n"
        f"for name in {IMPORTED_FIRST.split()}:\n"
        "    theirs = importlib.import_module(f'torch.{name}')\n"
        "    ours = importlib.import_module(f'gradbook.{name}')\n"
        "    assert theirs is ours is sys.modules[f'torch.{name}'], name\n"
        "import torch\n"
        "assert torch.distributions.binomial.Binomial is torch.distributions.Binomial\n"
        "assert torch.autograd.gradcheck is gradbook.autograd.gradcheck and callable(torch.autograd.gradcheck)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
