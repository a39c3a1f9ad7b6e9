"""One model holds the bundle, every output's model is a stub that asks it to draw.

anywidget keeps the whole module text in each model's state. So a bundle lives in one hub model per kernel, and a stub
finds it in the page: `globalThis[Symbol.for("gradbook")][hash]`, or, when the stub came first, leaves its wish in
`.waiting[hash]`. A page that was reloaded restores both models in any order.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from gradbook.widgets.bundle import bundle, bundle_hash, bundle_of
from gradbook.widgets.frontend import keep_out_of_cells, repair_comm
from gradbook.widgets.wire import view_of

__all__ = ["Hub", "Stub", "close_stub", "hub"]

STUB = """
const ready = (hash) => new Promise((done) => {
  const all = (globalThis[Symbol.for("gradbook")] ??= {});
  if (all[hash]) done(all[hash]);
  else ((all.waiting ??= {})[hash] ??= []).push(done);
});
export default {
  async render({ model, el }) {
    const late = setTimeout(() => {
      el.textContent = "gradbook: disconnected: run the cell again";
    }, 10000);
    const api = await ready(model.get("_hub"));
    clearTimeout(late);
    el.textContent = "";
    return api.render({ model, el });
  },
};
"""


class Hub(anywidget.AnyWidget):
    """The model that holds the bundle. It draws nothing itself."""

    _esm = traitlets.Unicode().tag(sync=True)
    _hub = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str) -> None:
        super().__init__(_esm=bundle(name), _hub=bundle_hash(name))
        repair_comm(self.comm)
        keep_out_of_cells(self.comm)


def _current(value: bytes, stub: Stub) -> bytes:
    return value if stub.source is None else stub.source()


class Stub(anywidget.AnyWidget):
    """The model of one output. While `source` is set, whoever asks for the state gets a fresh snapshot from it."""

    _esm = STUB
    _hub = traitlets.Unicode().tag(sync=True)
    snapshot = traitlets.Bytes().tag(sync=True, to_json=_current)
    theme = traitlets.Unicode("auto").tag(sync=True)
    source: Callable[[], bytes] | None = None

    def __init__(self, snapshot: bytes, theme: str) -> None:
        self.bundle = bundle_of(view_of(snapshot))
        super().__init__(_hub=bundle_hash(self.bundle), snapshot=snapshot, theme=theme)
        repair_comm(self.comm)
        keep_out_of_cells(self.comm)
        _stubs.add(self)

    @property
    def open_comm(self) -> Any:
        """The comm to the page, or None once it is closed."""
        comm = self.comm
        return None if comm is None or getattr(comm, "_closed", False) else comm


_lock = threading.Lock()
_hubs: dict[str, Hub] = {}
_stubs: weakref.WeakSet[Stub] = weakref.WeakSet()


def hub(name: str = "gradbook") -> Hub:
    """The kernel's hub of one bundle, opened at the first call and again after somebody closed all widgets."""
    with _lock:
        found = _hubs.get(name)
        if found is None or found.comm is None:
            found = _hubs[name] = Hub(name)
        return found


def close_stub(stub: Stub) -> None:
    """Close one model, with what ipywidgets opened beside it; its hub goes with the last one."""
    stub.source = None
    for model in (stub.layout, stub):
        if model.comm is not None:
            model.close()
    _stubs.discard(stub)
    with _lock:
        if not any(other.open_comm is not None for other in _stubs if other.bundle == stub.bundle):
            unused = _hubs.pop(stub.bundle, None)
            if unused is not None:
                unused.layout.close()
                unused.close()
