"""What a graph is made of before it has names: from nodes left for backward, or from operations as they happened."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook import events
from gradbook.observe.source import Where
from gradbook.observe.uncollected import uncollected

__all__ = ["RawNode", "Tape", "from_nodes", "is_parameter", "kept", "leaf", "leaves", "memory_of", "structure"]

Key = tuple[str, int]
LONGEST = 60  # characters of one operation parameter


@dataclass(slots=True)
class RawNode:
    """One operation or one value that enters; `inputs` are (operand number, key of where it comes from)."""

    key: Key
    kind: str
    op: str
    seq: int
    inputs: list[tuple[int, Key]] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    dtype: str = ""
    device: str = "cpu"
    requires_grad: bool = False
    params: dict[str, str] = field(default_factory=dict)
    where: Where | None = None
    path: str = ""
    module_cls: str = ""
    tensor: weakref.ref[Any] | None = None  # of a value that enters
    array: weakref.ref[Any] | None = None
    saved: list[tuple[str, int, Key | None]] = field(default_factory=list)  # name, bytes, whose value it is

    @property
    def tensor_id(self) -> int | None:
        """The id of its tensor while that lives; afterwards another one may have it."""
        return _living(self.tensor)

    @property
    def array_id(self) -> int | None:
        """The same of its array."""
        return _living(self.array)


def _living(ref: weakref.ref[Any] | None) -> int | None:
    held = ref() if ref is not None else None
    return None if held is None else id(held)


def key_of(node: Any) -> Key:
    """The key of an engine node: the creation index, and for the several outputs of one op the op itself."""
    if node.op.name == "pick" and node.edges and node.edges[0] is not None:
        node = node.edges[0]
    return ("n", node.seq)


@uncollected()
def from_nodes(roots: Sequence[Any], tape: Tape | None = None) -> list[RawNode]:
    """Everything that led to these tensors, in the order of computation.

    A tape adds what nodes do not keep: operands without a gradient, places, modules.
    """
    found: dict[Key, RawNode] = {}
    recorded: list[RawNode] = []
    stack: list[Any] = []
    for root in roots:
        entry = tape.entry_of(root) if tape is not None else None
        if root._node is not None:
            stack.append(root._node)
        elif entry is not None:
            found[entry.key] = entry
            recorded.append(entry)
        else:
            found["t", id(root)] = leaf(root, ("t", id(root)))
    while stack:
        node = stack.pop()
        key = key_of(node)
        if key in found:
            continue
        if node.op.name == "pick" and node.edges and node.edges[0] is not None:
            node = node.edges[0]
        entry = tape.ops.get(key) if tape is not None else None
        if entry is not None:
            found[key] = entry
            recorded.append(entry)
        else:
            found[key] = _of_node(node, key, found)
        stack.extend(edge for edge in node.edges if edge is not None)
    if tape is not None:
        _from_tape(recorded, tape, found)
    return in_order(list(found.values()))


def _from_tape(todo: list[RawNode], tape: Tape, found: dict[Key, RawNode]) -> None:
    """Add what else led to recorded operations, through operands without a gradient, as far back as the tape goes."""
    while todo:
        for _, key in todo.pop().inputs:
            entry = tape.ops.get(key) or tape.values.get(key)
            if entry is not None and key not in found:
                found[key] = entry
                todo.append(entry)


def _of_node(node: Any, key: Key, found: dict[Key, RawNode]) -> RawNode:
    """A raw node from what an engine node keeps; operands without a gradient appear where their array was kept."""
    tensor = node.tensor() if node.tensor is not None else None
    if tensor is not None:
        return leaf(tensor, key)
    kind, op = ("input", "input") if node.op.name == "accumulate" else ("op", node.op.name)
    raw = RawNode(key, kind, op, node.seq, shape=_shape(node), dtype=_dtype(node.dtype), requires_grad=True)
    raw.where, raw.path = node.where, node.path or ""
    raw.params = plain(node.params)
    saved = node.saved or ()
    for slot, edge in enumerate(node.edges):
        if edge is not None:
            raw.inputs.append((slot, key_of(edge)))
            continue
        array: Any = saved[slot] if slot < len(saved) else None
        if not hasattr(array, "dtype") or not array.ndim:
            continue
        source = ("a", id(array))
        if source not in found:
            found[source] = RawNode(source, "input", "input", 0, [], tuple(array.shape), _dtype(array.dtype))
            found[source].device, found[source].array = _device(array), _ref(array)
        raw.inputs.append((slot, source))
    sources = {**dict(raw.inputs), len(node.edges): key}
    raw.saved = [(name, nbytes, sources.get(slot)) for slot, name, nbytes, _ in kept(node)]
    return raw


def _saved(node: Any, arrays: Sequence[tuple[Key, Any]]) -> list[tuple[str, int, Key | None]]:
    """What a node keeps for backward; memory that one of `arrays` holds anyhow is that one's."""
    owners = {id(memory_of(array)): key for key, array in reversed(arrays)}
    return [(name, nbytes, owners.get(id(memory_of(array)))) for _, name, nbytes, array in kept(node)]


def kept(node: Any) -> list[tuple[int, str, int, Any]]:
    """Arrays that a node keeps for backward -> [(slot, name, bytes, array), ...]."""
    names = (*node.op.operands, "out", *node.op.extras)
    return [
        (slot, names[slot] if slot < len(names) else f"slot {slot}", int(value.nbytes), value)
        for slot, value in enumerate(node.saved or ())
        if hasattr(value, "nbytes")
    ]


def memory_of(array: Any) -> Any:
    """The array whose memory a view looks at."""
    while (base := getattr(array, "base", None)) is not None and hasattr(base, "dtype"):
        array = base
    return array


def leaf(tensor: Any, key: Key) -> RawNode:
    """A raw node for a tensor that no operation made."""
    array = tensor._array
    kind = "parameter" if is_parameter(tensor) else "input"
    if kind == "input" and tensor._node is None and array.ndim == 0:
        kind = "constant"
    return RawNode(key, kind, kind, 0, shape=tuple(array.shape), dtype=_dtype(array.dtype), device=_device(array),
                   requires_grad=tensor._node is not None, tensor=weakref.ref(tensor), array=_ref(array))  # fmt: skip


def _ref(array: Any) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(array)
    except TypeError:  # what vmap makes of arrays cannot be referenced weakly
        return None


def in_order(raw: list[RawNode]) -> list[RawNode]:
    """Operations by creation, each value right before the first operation that takes it."""
    by_key = {node.key: node for node in raw}
    placed: dict[Key, RawNode] = {}
    for node in sorted((n for n in raw if n.kind == "op"), key=lambda n: n.seq):
        for _, key in node.inputs:
            source = by_key.get(key)
            if source is not None and source.kind != "op":
                placed.setdefault(key, source)
        node.inputs = [(slot, key) for slot, key in node.inputs if key in by_key]
        placed[node.key] = node
    for node in raw:
        placed.setdefault(node.key, node)
    return list(placed.values())


class Tape:
    """Operations as they happen, with their operands, also those that leave no node. Keeps no tensor alive."""

    def __init__(self) -> None:
        self.ops: dict[Key, RawNode] = {}
        self.values: dict[Key, RawNode] = {}
        self.fresh: list[tuple[Key, Any]] = []  # values that came in with the last operation
        self.roots: dict[int, Any] = {}  # outermost modules seen being called
        self._tensors: dict[int, tuple[weakref.ref[Any], Key]] = {}  # id -> where a tensor without a node came from
        self._serial = 0

    def record(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], output: Any, node: Any,
               where: Where | None) -> RawNode:  # fmt: skip
        """Write one operation down."""
        first = output[0] if isinstance(output, tuple) else output
        self._serial += 1
        key = ("n", node.seq) if node is not None else ("o", self._serial)
        array = first._array
        seq = node.seq if node is not None else _now()
        raw = RawNode(key, "op", op.name, seq, [], tuple(array.shape), _dtype(array.dtype), _device(array),
                      node is not None, plain(params), where)  # fmt: skip
        stack = events.module_stack()
        if stack:
            raw.path, module = stack[-1]
            raw.module_cls = type(module).__name__
            self.roots.setdefault(id(stack[0][1]), stack[0][1])
        self.fresh.clear()
        self._operands(raw, op, operands)
        if node is not None and node.saved:
            arrays = [(source, operands[slot]._array) for slot, source in raw.inputs]
            raw.saved = _saved(node, [*arrays, (key, array)])
        self.ops[key] = raw
        if node is None:
            for tensor in output if isinstance(output, tuple) else (output,):
                self._tensors[id(tensor)] = (weakref.ref(tensor), key)
        return raw

    def entry_of(self, tensor: Any) -> RawNode | None:
        """The recorded operation that made a tensor."""
        key = self._key(tensor)
        return self.ops.get(key) if key is not None else None

    def wrote(self, target: Any, value: Any) -> None:
        """A computed tensor was written into another one's memory: it is what the other is now."""
        key = self._key(value)
        if key is not None and target._node is None:
            self._tensors[id(target)] = (weakref.ref(target), key)

    def raw(self) -> list[RawNode]:
        """Everything recorded, in order."""
        return in_order([*self.values.values(), *self.ops.values()])

    def _operands(self, raw: RawNode, op: Any, operands: tuple[Any, ...]) -> None:
        names = getattr(op, "operands", ())
        for slot, operand in enumerate(operands):
            if hasattr(operand, "_node"):
                raw.inputs.append((slot, self._source(operand)))
            elif operand is not None and np.isscalar(operand):
                raw.params[names[slot] if slot < len(names) else f"operand {slot}"] = _text(operand)

    def _source(self, tensor: Any) -> Key:
        key = self._key(tensor)
        if key is None:
            self._serial += 1
            key = ("v", self._serial)
            self._tensors[id(tensor)] = (weakref.ref(tensor), key)
        if key not in self.ops and key not in self.values:
            self.values[key] = leaf(tensor, key)
            self.fresh.append((key, tensor))
        return key

    def _key(self, tensor: Any) -> Key | None:
        if tensor._node is not None:
            return key_of(tensor._node)
        known = self._tensors.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None


def plain(params: dict[str, Any] | None) -> dict[str, str]:
    """Parameters of an operation as short text; arrays by their shape only, absent ones left out."""
    return {name: _text(value) for name, value in (params or {}).items() if value is not None}


def _text(value: Any) -> str:
    try:
        return _described(value)
    except Exception:  # the user's own code: whatever it raises, a parameter's text is not worth a broken cell
        return f"<{type(value).__name__}>"


def _described(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, list | tuple) and any(hasattr(item, "shape") for item in value):
        return "(" + ", ".join(_text(item) for item in value) + ")"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _shape(node: Any) -> tuple[int, ...]:
    shape = tuple(node.shape)
    return tuple(shape[0]) if shape and isinstance(shape[0], tuple) else shape


_dtypes: dict[Any, str] = {}  # NumPy takes 5 µs to say its name


def _dtype(dtype: Any) -> str:
    dtype = dtype[0] if isinstance(dtype, tuple) and dtype else dtype
    found = _dtypes.get(dtype)
    if found is None:
        found = _dtypes[dtype] = str(dtype)
    return found


def _device(array: Any) -> str:
    return "cuda:" + str(array.device.id) if hasattr(array, "get") and hasattr(array.device, "id") else "cpu"


def _now() -> int:
    """The creation index of the youngest node: an operation that left none is ordered right after it."""
    from gradbook.autograd import versions

    return next(versions.sequence)


def structure(raw: list[RawNode]) -> tuple[Any, ...]:
    """What makes two raw graphs the same picture: operations, modules, edges; not shapes, not values."""
    index = {node.key: i for i, node in enumerate(raw)}
    return tuple(
        (node.op, node.path, node.requires_grad, tuple((slot, index[key]) for slot, key in node.inputs)) for node in raw
    )


def leaves(root: Any) -> list[Any]:
    """The leaf tensors that a backward pass from `root` reaches, in the order of their first use."""
    seen: set[int] = set()
    uses: dict[int, tuple[int, int, Any]] = {}
    stack = [root._node] if root._node is not None else []
    while stack:
        node = stack.pop()
        if node.seq in seen:
            continue
        seen.add(node.seq)
        for slot, edge in enumerate(node.edges):
            if edge is None:
                continue
            tensor = edge.tensor() if edge.tensor is not None else None
            if tensor is None:
                stack.append(edge)
            elif id(tensor) not in uses or uses[id(tensor)][:2] > (node.seq, slot):
                uses[id(tensor)] = (node.seq, slot, tensor)
    return [entry[2] for entry in sorted(uses.values(), key=lambda entry: entry[:2])]


def is_parameter(tensor: Any) -> bool:
    """True for nn.Parameter, told by its class's name."""
    return any(base.__name__ == "Parameter" for base in type(tensor).__mro__)
