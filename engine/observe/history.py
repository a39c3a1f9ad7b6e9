"""The recorded steps of a run, kept to be looked at again: graph, statistics, values and gradients, in bounded memory.

Small arrays are kept whole, of large ones a picture and an even sample: what a person can see of them. When the window
is full, every second step of its older half goes; the first step and the pinned ones stay.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from gradbook.observe.moment import Moment

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["STATISTICS_WINDOW", "WINDOW", "History", "bytes_of"]

WINDOW = 256 << 20  # bytes of one run's history
STATISTICS_WINDOW = 32 << 20  # of one without values
MOST = 4096  # steps
GRAPH_NODE_BYTES = 1200
_UNITS = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?B)?\s*", re.IGNORECASE)


class History:
    """Recorded steps, oldest first. The training thread adds, any thread reads: len(), iteration, `history[-1]`.

    `window` is the most it may take, in bytes; `nbytes` what it takes, graphs included.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self.window = window
        self.thinned = 0  # steps that had to go
        self._lock = threading.Lock()
        self._moments: list[Moment] = []
        self._pinned: frozenset[int] = frozenset()
        self._graphs: dict[int, tuple[Graph, int]] = {}  # by structure
        self._versions = count(1)
        self._nbytes = 0

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def steps(self) -> tuple[int, ...]:
        """Numbers of the steps that are kept."""
        with self._lock:
            return tuple(moment.step for moment in self._moments)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self._nbytes

    @property
    def pinned(self) -> frozenset[int]:
        """Steps that are never dropped."""
        return self._pinned

    def at(self, step: int) -> Moment:
        """A recorded step. Raises KeyError, which names the nearest ones, for a step that is not kept."""
        found = self.nearest(step)
        if found.step != step:
            raise KeyError(f"step {step} is not kept; {self._nearest_words(step)}: see history.nearest({step})")
        return found

    def nearest(self, step: int) -> Moment:
        """The recorded step nearest to `step`, of two the earlier. Raises KeyError if none is kept."""
        with self._lock:
            moments = self._moments
            if not moments:
                raise KeyError("no step has been recorded yet")
            at = bisect_left(moments, step, key=lambda moment: moment.step)
            around = moments[max(at - 1, 0) : at + 1]
        return min(around, key=lambda moment: abs(moment.step - step))

    def before(self, step: int) -> Moment | None:
        """The last recorded step before `step`, None if there is none."""
        with self._lock:
            at = bisect_left(self._moments, step, key=lambda moment: moment.step)
            return self._moments[at - 1] if at else None

    def __len__(self) -> int:
        return len(self._moments)

    def __iter__(self) -> Iterator[Moment]:
        with self._lock:
            return iter(tuple(self._moments))

    def __getitem__(self, index: int) -> Moment:
        with self._lock:
            return self._moments[index]

    def __repr__(self) -> str:
        steps = self.steps
        span = f", {steps[0]} to {steps[-1]}" if steps else ""
        return f"<History: {len(steps)} steps{span}, {self._nbytes / 2**20:.1f} of {self.window / 2**20:.0f} MB>"

    def _nearest_words(self, step: int) -> str:
        steps = self.steps
        at = bisect_left(steps, step)
        around = steps[max(at - 1, 0) : at + 1]
        return f"the nearest {'is' if len(around) == 1 else 'are'} {' and '.join(map(str, around))}"

    # -- choosing ----------------------------------------------------------------------------------------------------

    def pin(self, step: int) -> None:
        """Never drop this step. Raises KeyError if it is not kept, ValueError if the pinned would fill the window."""
        self.at(step)
        with self._lock:
            chosen = self._pinned | {step}
            if sum(moment.nbytes for moment in self._moments if moment.step in chosen) > self.window // 2:
                raise ValueError(f"pin: with step {step} the pinned steps would take more than half of the window")
            self._pinned = chosen

    def unpin(self, step: int) -> None:
        """Let this step go like any other; harmless if it is not pinned."""
        with self._lock:
            self._pinned -= {step}

    # -- what the sampler does ---------------------------------------------------------------------------------------

    def intern(self, structure: int, build: Callable[[], Graph]) -> tuple[Graph, int]:
        """The graph of a structure and its version: a known one, or what `build()` makes, under a new number."""
        found = self._graphs.get(structure)
        if found is None:
            found = build(), next(self._versions)
            with self._lock:
                self._graphs[structure] = found
                self._nbytes += _graph_bytes(found[0])
        return found

    def add(self, moment: Moment, *, alone: bool = False) -> None:
        """Keep a step; one that is no later than the last is left out.

        `alone`: those before let their values go, unless they are pinned.
        """
        with self._lock:
            if self._moments and moment.step <= self._moments[-1].step:
                return
            if alone:
                self._leave_values()
            self._moments.append(moment)
            self._nbytes += moment.nbytes
            if self._nbytes > self.window or len(self._moments) > MOST:
                self._thin()

    def _leave_values(self) -> None:
        """Steps before the one that comes keep their statistics only, unless they are pinned."""
        for at in range(len(self._moments) - 1, -1, -1):
            before = self._moments[at]
            if before.step in self._pinned:
                continue
            if not before.has_values:
                break
            self._moments[at] = before.without_values()
            self._nbytes += self._moments[at].nbytes - before.nbytes

    def _thin(self) -> None:
        """Drop every second step of the older half until all fits; then of the newer; at last the newest values."""
        while self._nbytes > self.window or len(self._moments) > MOST:
            last = len(self._moments) - 1
            free = [i for i in range(1, last) if self._moments[i].step not in self._pinned]
            gone = set([i for i in free if i <= last // 2][::2] or free[::2])
            if not gone:
                break
            self._moments = [moment for i, moment in enumerate(self._moments) if i not in gone]
            self.thinned += len(gone)
            self._count()
        if self._nbytes > self.window:
            self._moments[-1] = self._moments[-1].without_values()
            self._count()
        if self._nbytes > self.window and len(self._moments) > 1:
            self._moments.pop()
            self.thinned += 1
            self._count()

    def _count(self) -> None:
        """Forget the graphs that no kept step has, and count anew."""
        used = {moment.version for moment in self._moments}
        self._graphs = {key: found for key, found in self._graphs.items() if found[1] in used}
        graphs = sum(_graph_bytes(graph) for graph, _ in self._graphs.values())
        self._nbytes = graphs + sum(moment.nbytes for moment in self._moments)


def bytes_of(window: int | str) -> int:
    """A size in bytes: a number, or text such as '256MB'. Raises ValueError unless it is at least 1 MB."""
    match = _SIZE.fullmatch(str(window))
    size = int(float(match[1]) * _UNITS[(match[2] or "").upper()]) if match else 0
    if size < 1 << 20:
        raise ValueError(f"window is {window!r}; it is a size of at least 1 MB, such as 256MB or 1GB")
    return size


def _graph_bytes(graph: Graph) -> int:
    return GRAPH_NODE_BYTES * len(graph.nodes)
