"""Parameter and Buffer: tensors that a module owns, and their kin without a shape yet."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from gradbook import dtypes, events
from gradbook.device import device as device_type
from gradbook.overrides import disabled_torch_function_impl
from gradbook.tensor import Tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"]


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (
            cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that a Module finds by itself when it is assigned as an attribute, as torch.nn.Parameter.

    data: any tensor, whose memory is shared; requires_grad: True by default.
    Raises RuntimeError where an integer or bool tensor shall require grad.
    Differs: of a subclass of Tensor it is a plain Parameter. Raises TypeError for what is no Tensor, where PyTorch
    raises AttributeError.
    """

    __torch_function__ = staticmethod(disabled_torch_function_impl)

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        """A leaf that shares the memory of `data`."""
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Parameter: data must be a Tensor, got {type(data).__name__}; make one with gradbook.tensor(...)"
            )
        made = cls._of(data._array)
        if requires_grad:
            if not (data.is_floating_point() or data.is_complex()):
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            made.requires_grad_(True)
        if events.cut and data._node is not None:
            events.emit(events.cut, "Parameter", data, made)
        return made

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that is state of a module but not trained, as torch.nn.Buffer; persistent: part of the state_dict."""

    persistent: bool
    _is_buffer: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        """A buffer that shares the memory of `data`."""
        if data is None:
            data = Tensor()
        made = cls._of(data._array)
        made._node = data._node
        made.persistent = persistent
        made._is_buffer = True
        return made


class _Uninitialized:
    """What tensors without a shape have in common: they may be moved, converted and materialized, nothing else."""

    _dtype: Any
    _device: Any

    @property
    def _array(self) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter. This happens when a lazy module's parameters are used before "
            "its first call. Call the module once with an input, then use them"
        )

    @_array.setter
    def _array(self, value: Any) -> None:
        Tensor._array.__set__(self, value)

    @property
    def _raw(self) -> Any:
        """The empty array that stands for what is to come."""
        return Tensor._array.__get__(self)

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary tensor of `shape`, its values not yet set."""
        import gradbook

        made = gradbook.empty(shape, device=device or self._device, dtype=dtype or self._dtype)
        self.__class__ = self.cls_to_become  # type: ignore[attr-defined]
        self._array = made._array
        node = getattr(self, "_node", None)
        if node is not None:
            node.shape, node.dtype = self._array.shape, self._array.dtype

    @property
    def data(self) -> Tensor:
        """No elements yet, (0,): what programs fill before the first call is without effect, as in PyTorch."""
        made: Tensor = Tensor._of(self._raw)
        return made

    @data.setter
    def data(self, value: Tensor) -> None:
        Tensor.data.__set__(self, value)  # type: ignore[attr-defined]

    @property
    def dtype(self) -> Any:
        """The dtype it will have."""
        return self._dtype

    @property
    def device(self) -> Any:
        """The device it will be on."""
        return device_type("cpu" if self._device is None else self._device)

    @property
    def is_cuda(self) -> bool:
        """Whether it will be on a GPU."""
        return bool(self.device.type == "cuda")

    @property
    def shape(self) -> Any:
        """Not known. Raises RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens "
            "in `load_state_dict` "
            "when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the "
            "parameters before accessing their attributes."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            made = type(self)(device=self._device, dtype=self._dtype)  # type: ignore[call-arg]
            memo[id(self)] = made
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild_uninitialized, (type(self), None if self._device is None else str(self._device), self._dtype)

    def _remember(self, device: Any, dtype: Any) -> None:
        self._device, self._dtype = device, dtype or dtypes.get_default_dtype()


def _rebuild_uninitialized(kind: Any, device: str | None, dtype: Any) -> Any:
    return kind(device=device, dtype=dtype)


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape the first call of a lazy module decides, as torch.nn.UninitializedParameter."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        """A parameter without a shape."""
        made: Any = Parameter(Tensor._of(np.empty(0, (dtype or dtypes.get_default_dtype())._np)), requires_grad)
        made.__class__ = cls
        made._remember(device, dtype)
        return made


class UninitializedBuffer(_Uninitialized, Tensor):
    """A buffer whose shape the first call of a lazy module decides, as torch.nn.UninitializedBuffer."""

    cls_to_become = Tensor

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> Any:
        """A buffer without a shape."""
        made = cls._of(np.empty(0, (dtype or dtypes.get_default_dtype())._np))
        made._remember(device, dtype)
        return made


def is_lazy(value: Any) -> bool:
    """True for a parameter or buffer that has no shape yet."""
    return isinstance(value, _Uninitialized)


def factory_kwargs(kwargs: Any) -> dict[str, Any]:
    """device, dtype and memory_format out of a module's keyword arguments, as torch.nn.factory_kwargs.

    Raises TypeError for another name, or one that stands in "factory_kwargs" too.
    """
    if kwargs is None:
        return {}
    names = {"device", "dtype", "memory_format"}
    given = set(kwargs) - {"factory_kwargs"}
    if not given <= names:
        raise TypeError(f"unexpected kwargs {given - names}")
    made = dict(kwargs.get("factory_kwargs", {}))
    for name in given:
        if name in made:
            raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
        made[name] = kwargs[name]
    return made
