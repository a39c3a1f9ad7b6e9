"""The types of results with names, as torch.return_types: `max` of torch.max(x, 0), and so on."""

from __future__ import annotations

from gradbook.linalg.checks import QRResult as qr
from gradbook.linalg.checks import SlogdetResult as slogdet
from gradbook.linalg.checks import TorchSVDResult as svd
from gradbook.ops.extremes import MinMax as aminmax
from gradbook.ops.extremes import Pair

__all__ = [*sorted(Pair), "aminmax", "qr", "slogdet", "svd"]

globals().update(Pair)
