"""How losses are reduced, by the numbers PyTorch uses inside, as torch.nn._reduction."""

from __future__ import annotations

from gradbook.ops.cross_entropy import reduction_of

_NUMBERS = {"none": 0, "mean": 1, "sum": 2}


def get_enum(reduction: str) -> int:
    """none 0, mean 1, sum 2. Raises ValueError for another word."""
    if reduction not in _NUMBERS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return _NUMBERS[reduction]


def legacy_get_string(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """The word for the old arguments size_average and reduce."""
    if emit_warning:
        return reduction_of("mean", True if size_average is None else size_average, reduce)
    reduced = reduce is None or reduce
    return "none" if not reduced else "mean" if size_average is None or size_average else "sum"


def legacy_get_enum(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> int:
    """The number for the old arguments size_average and reduce."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
