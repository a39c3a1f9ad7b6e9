"""Random number generators, as torch.random: one for everybody, and those you make yourself.

The numbers are NumPy's (PCG64). Differs: a seed gives other numbers than in PyTorch, the same ones on every platform.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.backends import native
from gradbook.device import device as device_type
from gradbook.tensor import Tensor

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
    "set_rng_state",
]  # fmt: skip

_MASK = (1 << 64) - 1


class Generator:
    """A stream of random numbers with a state of its own, as torch.Generator. Starts from a fixed seed.

    Differs: one default generator serves the CPU and every GPU.
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.device = device_type(device)
        backends.of_device(self.device.type)
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to a seed. -> itself."""
        self._seed, self.seeded = int(seed) & _MASK, True
        self._rng = np.random.Generator(np.random.PCG64(self._seed))
        self._cuda: Any = None
        return self

    def seed(self) -> int:
        """Start from a seed that nobody can guess. -> that seed."""
        self.manual_seed(secrets.randbits(63))
        self.seeded = False  # by somebody who can do it again
        return self._seed

    def initial_seed(self) -> int:
        """The seed the stream started from."""
        return self._seed

    def rng(self, xp: Any = np) -> Any:
        """The NumPy generator, or CuPy's beside it, with `random`, `standard_normal` and their kin."""
        if xp is np:
            return self._rng
        if self._cuda is None:
            self._cuda = xp.random.Generator(xp.random.XORWOW(self._seed & 0xFFFFFFFF))
        return self._cuda

    def get_state(self) -> Tensor:
        """Where the stream stands. -> uint8 (48,)."""
        state: Any = self._rng.bit_generator.state
        inner = state["state"]
        raw = (
            inner["state"].to_bytes(16, "little") + inner["inc"].to_bytes(16, "little")
            + state["has_uint32"].to_bytes(4, "little") + state["uinteger"].to_bytes(4, "little")
            + self._seed.to_bytes(8, "little")
        )  # fmt: skip
        made: Tensor = Tensor._of(np.frombuffer(raw, np.uint8).copy())
        return made

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from a state that get_state gave. Raises TypeError or RuntimeError for anything else."""
        if not isinstance(new_state, Tensor) or new_state._array.dtype != np.uint8:
            raise TypeError("expected a gradbook.ByteTensor, as get_state() gives it")
        raw = backends.cpu.asarray(new_state._array).tobytes()
        if len(raw) != 48:
            raise RuntimeError(
                f"Expected a CPUGeneratorImpl state of size 48, but found the input RNG state size to be {len(raw)}"
            )
        whole = [int.from_bytes(raw[i:j], "little") for i, j in ((0, 16), (16, 32), (32, 36), (36, 40), (40, 48))]
        self.manual_seed(whole[4])
        self._rng.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": whole[0], "inc": whole[1]},
            "has_uint32": whole[2],
            "uinteger": whole[3],
        }
        return self

    def clone_state(self) -> Generator:
        """A generator that goes on from the same state."""
        return Generator(self.device).set_state(self.get_state())

    def __getstate__(self) -> dict[str, Any]:
        return {"device": str(self.device), "state": backends.cpu.asarray(self.get_state()._array)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.device = device_type(state["device"])
        self.set_state(Tensor._of(state["state"]))


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the generator that everything uses unless given another, as torch.manual_seed. -> that generator."""
    native.repeatable()
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default generator from the operating system. -> the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, as torch.get_rng_state."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator go on from a state, as torch.set_rng_state."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **ignored: Any) -> Iterator[None]:
    """What is drawn inside does not move the default generator outside, as torch.random.fork_rng."""
    if not enabled:
        yield
        return
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)
