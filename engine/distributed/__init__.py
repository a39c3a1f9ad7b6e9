"""torch.distributed on one process: whoever asks learns that there is no group, and runs alone.

Differs: is_available() is False. Whatever needs a group raises, with PyTorch's type, and says what to do.
"""

from __future__ import annotations

from typing import Any, NoReturn

from gradbook.errors import GradbookError

__all__ = [
    "GroupMember", "ProcessGroup", "ReduceOp", "Work", "all_gather", "all_gather_object", "all_reduce", "barrier",
    "broadcast", "broadcast_object_list", "destroy_process_group", "gather", "get_backend", "get_rank",
    "get_world_size", "group", "init_process_group", "is_available", "is_gloo_available", "is_initialized",
    "is_mpi_available", "is_nccl_available", "is_torchelastic_launched", "new_group", "reduce", "reduce_scatter",
    "scatter",
]  # fmt: skip


class DistributedError(GradbookError, RuntimeError, ValueError):
    """There is no process group; PyTorch raises a RuntimeError or a ValueError, depending on the function."""


class ReduceOp:
    """The names of what all_reduce can do."""

    SUM, PRODUCT, MIN, MAX, AVG = "sum", "product", "min", "max", "avg"
    BAND, BOR, BXOR = "band", "bor", "bxor"


class ProcessGroup:
    """The type of a process group, for annotations and isinstance; nothing here is of it."""


class Work:
    """The type of a collective call under way; nothing here is of it."""


class GroupMember:
    """The names of a process group's members."""

    WORLD: Any = None
    NON_GROUP_MEMBER = -100


group = GroupMember


def is_available() -> bool:
    """False: one process computes."""
    return False


def is_initialized() -> bool:
    """False: there is no group."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


is_gloo_available = is_mpi_available = is_torchelastic_launched = is_nccl_available


def _no_group(*args: Any, **kwargs: Any) -> NoReturn:
    raise DistributedError(
        "Default process group has not been initialized, and gradbook has none: it trains in one process. Guard the "
        "call with `if torch.distributed.is_available() and torch.distributed.is_initialized()`"
    )


get_rank = get_world_size = get_backend = new_group = barrier = _no_group
all_reduce = all_gather = all_gather_object = broadcast = broadcast_object_list = _no_group
reduce = reduce_scatter = scatter = gather = send = recv = destroy_process_group = _no_group


def init_process_group(backend: Any = None, *args: Any, **kwargs: Any) -> NoReturn:
    """Differs: raises RuntimeError. gradbook trains in one process."""
    raise DistributedError(
        "init_process_group: gradbook trains in one process, and has no process groups. Run the program without a "
        "launcher, with world size 1, and leave DistributedDataParallel out"
    )
