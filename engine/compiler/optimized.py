"""What gradbook.compile gives for a module: another module, which holds it and whose forward is compiled."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from gradbook.compiler.compiled import Compiled
from gradbook.nn.module import Module

__all__ = ["OptimizedModule"]


class OptimizedModule(Module):
    """A module around another, `_orig_mod`: its call is compiled, all else is the other's (torch's OptimizedModule).

    Attributes are read from and set on `_orig_mod`; names in state_dict() and named_parameters() begin with
    `_orig_mod.`; train() and eval() reach it. Hooks that are registered here are run around the compiled call.
    """

    _own = frozenset({"_orig_mod", "forward", "_waits", "_torchdynamo_orig_callable"})

    def __init__(self, module: Module, waits: bool = False) -> None:
        self.__dict__["_modules"] = {"_orig_mod": module}  # whoever overrides Module.__init__ may read from it
        super().__init__()
        del self.__dict__["training"]
        self._orig_mod, self._waits = module, waits
        self.forward = self._torchdynamo_orig_callable = Compiled(module, waits)  # type: ignore[method-assign]

    @property
    def training(self) -> bool:
        """Whether `_orig_mod` is in training mode."""
        return bool(self._orig_mod.training)

    @training.setter
    def training(self, value: bool) -> None:
        self._orig_mod.training = value

    def __getattr__(self, name: str) -> Any:
        module = self.__dict__["_modules"]["_orig_mod"]
        return module if name == "_orig_mod" else getattr(module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = name in self._own or hasattr(type(self), name)
        (super().__setattr__ if own else self._orig_mod.__setattr__)(name, value)

    def __delattr__(self, name: str) -> None:
        own = name in self._own or hasattr(type(self), name)
        (super().__delattr__ if own else self._orig_mod.__delattr__)(name)

    def __len__(self) -> int:
        if isinstance(self._orig_mod, Sized):
            return len(self._orig_mod)
        raise TypeError(f"{type(self._orig_mod).__name__} does not support len()")

    def __bool__(self) -> bool:
        return not isinstance(self._orig_mod, Sized) or len(self._orig_mod) > 0

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._orig_mod)})

    def __reduce__(self) -> Any:
        return type(self), (self._orig_mod, self._waits)
