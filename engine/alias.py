"""`import torch` gives gradbook, while it is asked to: as_torch().

A finder that stands first on sys.meta_path answers for `torch` and everything under it. `torch` itself is a facade, a
module of that name whose attributes are gradbook's; `torch.nn` and the others are gradbook's own modules under a
second name. What sys.modules held for torch before is put aside, and comes back when the alias is switched off.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import gradbook
from gradbook import version
from gradbook.errors import NotProvidedError

__all__ = ["as_torch"]

# What may be imported as torch.NAME, where gradbook has it; our other modules have no namesake there.
NAMESPACES = frozenset(
    "_C _dynamo _tensor _utils accelerator amp autograd backends compiler cpu cuda distributed distributions fft "
    "func functional fx hub jit library linalg masked mps multiprocessing nn onnx optim overrides profiler random "
    "return_types serialization signal sparse special storage testing torch_version types utils version xpu "
    "__config__ __future__".split()
)
OWN = frozenset("as_torch datasets dtypes errors events observe".split())  # public, and gradbook's alone
# Companions of PyTorch whose compiled parts need the real one, and what stands in.
COMPANIONS = {
    "torchvision": "read images with PIL or matplotlib, write the model with torch.nn, load its weights",
    "torchaudio": "read sound with scipy.io.wavfile; torch.stft and torch.fft are here",
    "torchtext": "split text with str.split or a tokenizer library; torch.nn.Embedding takes the numbers",
    "torchdata": "torch.utils.data has Dataset, DataLoader and the samplers",
    "torchcodec": "read sound and video with another library, and torch.from_numpy takes its arrays",
    "torchao": "it changes PyTorch's own kernels",
    "torch_scatter": "Tensor.scatter_add_ and Tensor.scatter_reduce_ are here",
    "torch_sparse": "use dense tensors, or scipy.sparse beside them",
    "torch_cluster": "torch.cdist and Tensor.topk find neighbours",
    "torch_geometric": "Tensor.scatter_add_ and Tensor.index_select carry messages along edges",
    "torch_xla": "there are no TPUs here",
    "functorch": "its functions are in torch.func",
    "triton": "it compiles kernels for PyTorch's GPU tensors",
}
# Parts of torch that are not here, and what to do instead.
LACKING = {
    "quantization": "train and run in float32, float16 or bfloat16",
    "ao": "train and run in float32, float16 or bfloat16",
    "export": "save the state_dict with torch.save or safetensors",
    "package": "save the state_dict with torch.save or safetensors",
    "_inductor": "torch.compile returns the function itself",
    "nested": "pad, as torch.nn.utils.rnn.pad_sequence does",
    "ops": "call the operation by its public name",
}
# Modules of other packages that are bound to whichever torch was there when they were loaded.
BOUND = ("einops._torch_specific", "einops.layers.torch")

_lock = threading.RLock()
_MISSING = object()


def as_torch(on: bool = True) -> AsTorch:
    """Let `import torch` and every `import torch.…` give gradbook from now on; as_torch(False): no longer.

    As a context manager it lasts for the block, `with gradbook.as_torch():`, and what was before comes back.
    A real PyTorch that was imported before is put aside, not harmed: names already bound to it keep it, and switching
    off gives sys.modules its entries back. torchvision and its like raise ImportError, with a word on what to do.
    torch.__version__ says which PyTorch is spoken, "2.13.0+gradbook".
    """
    return AsTorch(bool(on))


class AsTorch:
    """The alias as switched by one call; `before` says how it was, and `restore()` goes back to that."""

    def __init__(self, on: bool) -> None:
        with _lock:
            self.before = is_on()
            self.on = on
            self._switch(on)

    def _switch(self, on: bool) -> None:
        if on and not is_on():
            _finder.enter()
        elif not on and is_on():
            _finder.leave()

    def restore(self) -> None:
        """Go back to how it was before the call."""
        with _lock:
            self._switch(self.before)

    def __enter__(self) -> AsTorch:
        with _lock:
            self._switch(self.on)
        return self

    def __exit__(self, *exc: object) -> None:
        self.restore()

    def __repr__(self) -> str:
        return f"<{state()}>"


def is_on() -> bool:
    """True while `import torch` gives gradbook."""
    return _finder in sys.meta_path


def state(names: dict[str, Any] | None = None) -> str:
    """How it is, in one line or two; `names`: the variables of a notebook, of which some may hold the other torch."""
    on = is_on()
    lines = ["import torch gives gradbook" if on else "import torch gives PyTorch, if it is installed"]
    stale = [name for name, value in (names or {}).items() if name[:1] != "_" and _is_stale(value, on)]
    if stale:
        lines.append(f"still bound to the other one: {', '.join(stale)}; run their imports again")
    return "\n".join(lines)


def _is_stale(value: Any, on: bool) -> bool:
    """True for a module or class of the torch that `import torch` does not give now."""
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] == "torch" and isinstance(value, Facade) != on
    return on and isinstance(value, type) and str(value.__module__).partition(".")[0] == "torch"


class Facade(ModuleType):
    """The module `torch`: gradbook's names, PyTorch's version, and no name that PyTorch has not."""

    def __init__(self) -> None:
        super().__init__("torch", gradbook.__doc__)
        self.__version__ = version.spoken
        self.__path__: list[str] = []
        self.__file__ = gradbook.__file__
        self.version = ModuleType("torch.version", version.__doc__)
        vars(self.version).update(
            {name: getattr(version, name) for name in version.__all__}, __version__=version.spoken
        )

    def __getattr__(self, name: str) -> Any:
        if name not in OWN:
            found = getattr(gradbook, name, _MISSING)
            if found is not _MISSING and (name in NAMESPACES or not isinstance(found, ModuleType)):
                return found
        advice = "" if name[:1] == "_" else f": {_absent(name)}"
        raise AttributeError(f"module 'torch' has no attribute {name!r}{advice}")

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *gradbook.__all__} - OWN)

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, ("torch",)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers for torch and its companions while it stands on sys.meta_path."""

    def __init__(self) -> None:
        self._aside: dict[str, ModuleType] = {}
        self._facade: Facade | None = None

    def enter(self) -> None:
        """Put what sys.modules holds of torch aside, and stand first in line."""
        real = "torch" in sys.modules
        self._aside = {name: module for name, module in sys.modules.items() if _belongs(name, companions=real)}
        for name in self._aside:
            del sys.modules[name]
        self._facade = Facade()
        sys.meta_path.insert(0, self)
        importlib.import_module("torch")
        sys.modules["torch.version"] = self._facade.version
        _register()
        _forget_einops()

    def leave(self) -> None:
        """Take our entries out of sys.modules, and put back what was there."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
        for name in [name for name in sys.modules if _belongs(name, companions=False)]:
            del sys.modules[name]
        sys.modules.update(self._aside)
        for name in BOUND:
            parent, _, child = name.rpartition(".")
            if name in self._aside:
                setattr(sys.modules[parent], child, self._aside[name])
            elif parent in sys.modules:
                vars(sys.modules[parent]).pop(child, None)
        self._aside, self._facade = {}, None
        _forget_einops()

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A spec for torch, torch.… and the companions; None for the rest of the world."""
        top, _, rest = name.partition(".")
        if top in COMPANIONS:
            return ModuleSpec(name, self)
        if top != "torch":
            return None
        module = _counterpart(rest) if rest else self._facade
        state = (module, getattr(module, "__spec__", None))
        return ModuleSpec(name, self, origin="gradbook", is_package=hasattr(module, "__path__"), loader_state=state)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The facade, or gradbook's module of that name. Raises NotProvidedError, an ImportError, if there is none."""
        module: ModuleType | None = spec.loader_state[0] if spec.loader_state else None
        if module is not None:
            return module
        top, _, rest = spec.name.partition(".")
        if top in COMPANIONS:
            raise NotProvidedError(
                f"{spec.name}: `import torch` gives gradbook here, and {top} needs PyTorch itself. Instead: "
                f"{COMPANIONS[top]}. With PyTorch installed, gradbook.as_torch(False) or %as_torch off gives both back."
            )
        raise NotProvidedError(f"torch.{rest} is not in gradbook, which `import torch` gives here: {_absent(rest)}")

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run: the module is there already, and keeps the spec it had."""
        spec = module.__spec__
        if spec is not None and spec.loader_state[1] is not None:
            module.__spec__ = spec.loader_state[1]


def _counterpart(rest: str) -> ModuleType | None:
    """gradbook's module for torch.`rest`, or None where it has none."""
    if rest.partition(".")[0] not in NAMESPACES:
        return None
    ours = f"gradbook.{rest}"
    try:
        module = importlib.import_module(ours)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{ours}.".startswith(f"{error.name}."):
            raise
        return None
    _register()
    sys.modules.pop(f"torch.{rest}", None)  # a name that turns up during find_spec makes importlib run the file again
    return module


def _register() -> None:
    """Enter every module of ours that is loaded under torch's name too.

    So importlib need not bind torch.autograd.gradcheck, a module, where a package keeps a function of that name.
    """
    for name, module in list(sys.modules.items()):
        top, _, rest = name.partition(".")
        if top == "gradbook" and rest.partition(".")[0] in NAMESPACES - {"version"}:
            sys.modules.setdefault(f"torch.{rest}", module)


def _absent(name: str) -> str:
    """What to do about a name that gradbook lacks."""
    top = name.partition(".")[0]
    if top in LACKING:
        return f"instead, {LACKING[top]}"
    return "look for it under another name, or run this with PyTorch itself (gradbook.as_torch(False), %as_torch off)"


def _forget_einops() -> None:
    """Let einops find its backend for torch again: the one it keeps belongs to the other torch."""
    einops = sys.modules.get("einops._backends")
    if einops is not None:
        kept = einops._loaded_backends.pop("torch", None)
        for kind in [kind for kind, backend in einops._type2backend.items() if backend is kept]:
            del einops._type2backend[kind]


def _belongs(name: str, companions: bool) -> bool:
    """True for torch, its submodules, and what is bound to it."""
    top = name.partition(".")[0]
    return top == "torch" or name in BOUND or (companions and top in COMPANIONS)


_finder = _Finder()
