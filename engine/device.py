"""Devices: `gradbook.device("cpu")`, `gradbook.device("cuda:0")`, and the default one."""

from __future__ import annotations

from typing import Any

from gradbook import backends

__all__ = ["device", "get_default_device", "set_default_device"]


class device:
    """Where a tensor lives, as torch.device: "cpu", "cuda" or "cuda:1"; also a context manager for new tensors.

    Raises RuntimeError for a type that gradbook does not have.
    """

    __slots__ = ("_before", "index", "type")

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int):
            type, index = "cuda", type
        elif not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, not {type.__class__.__name__}")
        if ":" in type:
            type, _, number = type.partition(":")
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}:{number}'; write 'cpu', 'cuda' or 'cuda:0'")
            index = int(number)
        if type not in ("cpu", "cuda", "meta"):
            raise RuntimeError(f"Expected one of cpu, cuda device type at start of device string: {type}")
        self.type: str = type
        self.index: int | None = index

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        self._before = get_default_device()
        set_default_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        set_default_device(self._before)


_default = device("cpu")
CPU = _default


def get_default_device() -> device:
    """Where new tensors are made, as torch.get_default_device."""
    return _default


def set_default_device(where: Any) -> None:
    """Make new tensors there, as torch.set_default_device. Raises DeviceError if it is not usable."""
    global _default
    chosen = device("cpu") if where is None else device(where)
    backends.of_device(chosen.type)
    _default = chosen


def of_array(array: Any) -> device:
    """The device that an array lives on."""
    kind, index = backends.device_of(array)
    return CPU if kind == "cpu" else device(kind, index)


def place(array: Any, where: Any) -> Any:
    """An array on device `where` (None: the default device)."""
    chosen = _default if where is None else device(where)
    if chosen.type == "cpu" and backends.device_of(array)[0] == "cpu":
        return array
    return backends.of_device(chosen.type).asarray(array, None, chosen.index)
