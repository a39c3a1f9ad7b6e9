"""Moving a module's tensors: to other devices, other dtypes, other memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from gradbook import dtypes
from gradbook.autograd import grad_mode
from gradbook.device import device as device_type
from gradbook.nn.parameter import is_lazy
from gradbook.ops.like import empty_like
from gradbook.tensor import Tensor


class Conversion:
    """The part of Module that moves and converts parameters and buffers."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace every parameter's, gradient's and buffer's memory by `fn(tensor)`. -> self"""
        if recurse:
            for module in self.children():  # type: ignore[attr-defined]
                module._apply(fn)
        with grad_mode.no_grad():
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                if is_lazy(parameter):
                    parameter._dtype = fn(Tensor._of(parameter._raw)).dtype
                    continue
                parameter.data = fn(parameter)
                if parameter._grad is not None:
                    parameter._grad = fn(parameter._grad)
            for name, buffer in self._buffers.items():
                if buffer is not None and not is_lazy(buffer):
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move and convert parameters and buffers in place: to(device), to(dtype), to(device, dtype), to(tensor).

        -> self

        Integer tensors move but keep their dtype. Raises TypeError for a dtype that is not floating or complex.
        """
        memory_format = kwargs.pop("memory_format", None)
        where, kind = _parse_to(*args, **kwargs)
        if kind is not None and not (kind.is_floating_point or kind.is_complex):
            raise TypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={kind}")

        def convert(tensor: Tensor) -> Tensor:
            wanted = kind if kind is not None and (tensor.is_floating_point() or tensor.is_complex()) else tensor.dtype
            moved: Tensor = tensor.to(device=where if where is not None else tensor.device, dtype=wanted)
            laid_out = memory_format is not None and moved.ndim in (4, 5)
            return moved.contiguous(memory_format=memory_format) if laid_out else moved

        return self._apply(convert)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype. -> self"""
        return self._apply(lambda t: t.type(dst_type))

    def _floating(self, kind: dtypes.dtype) -> Self:
        return self._apply(lambda t: t.to(kind) if t.is_floating_point() else t)

    def float(self) -> Self:
        """Floating point parameters and buffers to float32. -> self"""
        return self._floating(dtypes.float32)

    def double(self) -> Self:
        """Floating point parameters and buffers to float64. -> self"""
        return self._floating(dtypes.float64)

    def half(self) -> Self:
        """Floating point parameters and buffers to float16. -> self"""
        return self._floating(dtypes.float16)

    def bfloat16(self) -> Self:
        """Floating point parameters and buffers to bfloat16. -> self"""
        return self._floating(dtypes.bfloat16)

    def cpu(self) -> Self:
        """Move to the CPU. -> self"""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Move to a GPU. -> self"""
        return self.to(device_type("cuda", device) if device is None or isinstance(device, int) else device)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Parameters and buffers in new memory on a device, their values not set. -> self"""
        return self._apply(lambda t: empty_like(t, device=device), recurse=recurse)

    def share_memory(self) -> Self:
        """Move parameters and buffers to memory that other processes see. -> self"""
        return self._apply(lambda tensor: tensor.share_memory_())


def _parse_to(
    *args: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False, memory_format: Any = None
) -> tuple[Any, Any]:
    """to()'s arguments -> (device or None, dtype or None)."""
    for arg in args:
        if isinstance(arg, Tensor):
            return arg.device, arg.dtype
        if isinstance(arg, dtypes.dtype):
            dtype = arg
        elif isinstance(arg, (str, int, device_type)) and not isinstance(arg, bool):
            device = arg
        elif arg is not None and not isinstance(arg, bool):
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(arg).__name__})")
    return (None if device is None else device_type(device)), dtype
