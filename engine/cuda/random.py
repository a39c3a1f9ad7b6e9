"""Random numbers on the GPU, as torch.cuda.random: one generator serves both devices.

Differs: the default generator draws for the CPU and for every GPU, so torch.manual_seed is what seeds; the functions
here do nothing where there is no GPU, and seed that generator where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradbook import random
from gradbook.backends import cuda as backend

__all__ = [
    "get_rng_state", "get_rng_state_all", "initial_seed", "manual_seed", "manual_seed_all", "seed", "seed_all",
    "set_rng_state", "set_rng_state_all",
]  # fmt: skip


def manual_seed(seed: int) -> None:
    """Seed what draws on the GPU; nothing where there is none."""
    if backend.device_count():
        random.manual_seed(int(seed))


manual_seed_all = manual_seed


def seed() -> None:
    """Seed from the operating system; nothing where there is no GPU."""
    if backend.device_count():
        random.seed()


seed_all = seed


def initial_seed() -> int:
    """The seed the generator started from. Raises NoGPUError where there is none."""
    backend.require()
    return random.initial_seed()


def get_rng_state(device: Any = "cuda") -> Any:
    """The state of the generator. Raises NoGPUError where there is none."""
    backend.require()
    return random.get_rng_state()


def get_rng_state_all() -> list[Any]:
    """One state a GPU: [] where there is none."""
    return [random.get_rng_state() for _ in range(backend.device_count())]


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Go on from a state; nothing where there is no GPU."""
    if backend.device_count():
        random.set_rng_state(new_state)


def set_rng_state_all(new_states: Iterable[Any]) -> None:
    """Go on from the states that get_rng_state_all gave."""
    for state in new_states:
        set_rng_state(state)
