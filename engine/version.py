"""Which gradbook this is, and which PyTorch it speaks, as torch.version."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TorchVersion", "__version__", "cuda", "debug", "git_version", "hip", "spoken", "xpu"]

__version__ = "0.1.0"


class TorchVersion(str):
    """A version that is compared as a version, with a str or a tuple, as torch.torch_version.TorchVersion.

    TorchVersion("2.13.0+x") > "2.9" and >= (2, 0). Raises TypeError or ValueError for what is no version.
    """

    __slots__ = ()

    @staticmethod
    def _release(version: Any) -> tuple[int, ...]:
        """The numbers before any suffix, without the zeros at their end: "2.13.0+x" -> (2, 13)."""
        parts: list[Any] = [*version] if isinstance(version, tuple | list) else re.split(r"[.]", str(version))
        numbers: list[int] = []
        for part in parts:
            digits = re.match(r"\d+", str(part))
            if digits is None:
                break
            numbers.append(int(digits[0]))
            if digits[0] != str(part):
                break
        if not numbers:
            raise ValueError(f"{version!r} is not a version such as '2.1' or (2, 1)")
        while numbers and numbers[-1] == 0:
            numbers.pop()
        return tuple(numbers)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and str.__eq__(self, other):
            return True
        return isinstance(other, str | tuple) and "+" not in other and self._release(self) == self._release(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        return self._release(self) < self._release(other)

    def __le__(self, other: Any) -> bool:
        return self._release(self) <= self._release(other)

    def __gt__(self, other: Any) -> bool:
        return self._release(self) > self._release(other)

    def __ge__(self, other: Any) -> bool:
        return self._release(self) >= self._release(other)

    __hash__ = str.__hash__


spoken = TorchVersion("2.13.0+gradbook")  # the PyTorch whose behaviour this is, and who says so
cuda: str | None = None  # PyTorch's: the toolkit it was built with; gradbook is built with none
hip: str | None = None
xpu: str | None = None
debug = False
git_version = "unknown"
