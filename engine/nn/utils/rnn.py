"""Sequences of different lengths: padded, packed, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

import gradbook
from gradbook import backends
from gradbook.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]  # fmt: skip


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences of different lengths without padding, as torch.nn.utils.rnn.PackedSequence.

    data: the first step of all sequences (longest first), then the second, ...; batch_sizes: how many are left at each
    step.
    """

    __slots__ = ()

    def __new__(
        cls, data: Tensor, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:  # fmt: skip
        """Pack, and work out the order back."""
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)  # type: ignore[arg-type]

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Moved or converted, as Tensor.to."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On the CPU."""
        return self.to("cpu", *args, **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On the GPU."""
        return self.to("cuda", *args, **kwargs)

    def double(self) -> PackedSequence:
        """In float64."""
        return self.to(dtype=gradbook.double)

    def float(self) -> PackedSequence:
        """In float32."""
        return self.to(dtype=gradbook.float32)

    def half(self) -> PackedSequence:
        """In float16."""
        return self.to(dtype=gradbook.half)

    def long(self) -> PackedSequence:
        """In int64."""
        return self.to(dtype=gradbook.long)

    def int(self) -> PackedSequence:
        """In int32."""
        return self.to(dtype=gradbook.int32)

    def pin_memory(self) -> PackedSequence:
        """Itself: there is nothing to pin."""
        return self

    def is_pinned(self) -> bool:
        """False: there is nothing to pin."""
        return False

    @property
    def is_cuda(self) -> bool:
        """True on a GPU."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes an order."""
    if permutation is None:
        return None
    made: Tensor = permutation.argsort()
    return made


def lengths_array(lengths: Any) -> Any:
    """Lengths as a NumPy array of int64."""
    array = backends.cpu.asarray(lengths._array) if isinstance(lengths, Tensor) else np.asarray(lengths)
    return array.astype(np.int64)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """(time, n, *) and a length each -> PackedSequence, as torch's. Raises RuntimeError for lengths that do not fit."""
    sizes = lengths_array(lengths)
    x = input.transpose(0, 1) if batch_first else input
    if sizes.ndim != 1 or len(sizes) != x.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {sizes.size} (batch_size={x.shape[1]})"
        )
    if len(sizes) and sizes.min() <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    order = None
    if enforce_sorted:
        if (np.diff(sizes) > 0).any():
            raise RuntimeError(
                "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
                "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
                "requirement if you do "
                "not need ONNX exportability."
            )
    else:
        where = np.argsort(-sizes, kind="stable")
        order = gradbook.tensor(where)
        sizes, x = sizes[where], x.index_select(1, order)
    if len(sizes) and sizes[0] > x.shape[0]:
        raise RuntimeError(f"Expected sequences of at most {x.shape[0]} steps, but the longest length is {sizes[0]}")
    counts = [int((sizes > t).sum()) for t in range(int(sizes[0]) if len(sizes) else 0)]
    data = gradbook.cat([x[t, :count] for t, count in enumerate(counts)])
    return PackedSequence(data, gradbook.tensor(counts), order, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """PackedSequence -> (time, n, *) padded, and the lengths, as torch's."""
    counts = sequence.batch_sizes.tolist()
    longest = len(counts)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    rows, start = [], 0
    rest = tuple(sequence.data.shape[1:])
    for count in counts:
        part = sequence.data[start : start + count]
        start += count
        if count < counts[0]:
            part = gradbook.cat([part, gradbook.full((counts[0] - count, *rest), padding_value, dtype=part.dtype)])
        rows.append(part)
    while len(rows) < longest:
        rows.append(gradbook.full((counts[0], *rest), padding_value, dtype=sequence.data.dtype))
    y = gradbook.stack(rows)
    lengths = gradbook.tensor([sum(count > i for count in counts) for i in range(counts[0])])
    if sequence.unsorted_indices is not None:
        y, lengths = y.index_select(1, sequence.unsorted_indices), lengths[sequence.unsorted_indices]
    return (y.transpose(0, 1) if batch_first else y), lengths


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (l_i, *) -> (longest, n, *), as torch's; padding_side right or left."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"padding_side must be 'left' or 'right', got {padding_side!r}")
    parts = list(sequences.unbind(0) if isinstance(sequences, Tensor) else sequences)
    longest = max(part.shape[0] for part in parts)
    rows = []
    for part in parts:
        if part.shape[0] < longest:
            fill = gradbook.full((longest - part.shape[0], *part.shape[1:]), padding_value, dtype=part.dtype)
            part = gradbook.cat([part, fill] if padding_side == "right" else [fill, part])
        rows.append(part)
    made: Tensor = gradbook.stack(rows, 0 if batch_first else 1)
    return made


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """Undo pad_sequence."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:length] for row, length in zip(rows, lengths_array(lengths).tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (l_i, *) -> PackedSequence."""
    lengths = [part.shape[0] for part in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo pack_sequence."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
