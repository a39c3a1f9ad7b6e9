"""Types that annotations of scripted code name, as torch.jit.annotations."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union  # noqa: UP035 (PyTorch offers those here)

__all__ = ["BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "Dict", "List", "Optional", "Tuple", "Union"]


class BroadcastingList:
    """`BroadcastingList2[int]`: two ints, or one for both."""

    def __class_getitem__(cls, kind: Any) -> Any:
        return Any


BroadcastingList1 = BroadcastingList2 = BroadcastingList3 = BroadcastingList
