"""Sparse tensors in coordinate form, as torch.sparse_coo_tensor, and products with them (torch.sparse).

A tensor is its indices (sparse_dim, nnz) and values (nnz, *dense); gradients flow to the values and to dense operands.
Differs: only what is here works on sparse tensors; anything else raises and names to_dense(). No CSR and its kin.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from gradbook import dtypes, formats
from gradbook.device import device as device_type
from gradbook.errors import ShapeError
from gradbook.ops.arguments import array_dtype, shape_of
from gradbook.ops.creation import as_tensor, zeros
from gradbook.ops.shape import wrap_dim
from gradbook.tensor import Size, Tensor

__all__ = ["SparseTensor", "addmm", "mm", "sparse_coo_tensor", "spmm", "sum"]

# -- the tensor ------------------------------------------------------------------------------------------------------


class SparseTensor(Tensor):
    """Indices (sparse_dim, nnz) and values (nnz, *dense): a tensor that is 0 elsewhere. Equal indices add up."""

    _index: Tensor
    _value: Tensor
    _size: tuple[int, ...]
    _sorted: bool

    @classmethod
    def _made(cls, index: Tensor, value: Tensor, size: tuple[int, ...], coalesced: bool = False) -> SparseTensor:
        made = object.__new__(cls)
        made._grad = made._node = made._view = None
        made._index, made._value, made._size, made._sorted = index, value, size, coalesced
        return made

    @property
    def _array(self) -> Any:  # what dense ops ask for first
        raise RuntimeError("this op does not work on sparse tensors; use .to_dense() first")

    is_sparse = True
    layout = formats.sparse_coo

    @property
    def shape(self) -> Size:
        """Lengths of the axes."""
        return Size(self._size)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one axis."""
        return Size(self._size) if dim is None else self._size[dim]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._size)

    def dim(self) -> int:
        """Number of axes."""
        return len(self._size)

    def numel(self) -> int:
        """Number of elements, zeros counted."""
        return math.prod(self._size)

    def sparse_dim(self) -> int:
        """Number of axes that the indices go through."""
        return int(self._index.shape[0])

    def dense_dim(self) -> int:
        """Number of axes of each value."""
        return self._value.ndim - 1

    @property
    def dtype(self) -> dtypes.dtype:
        """Type of the values."""
        return self._value.dtype

    @property
    def device(self) -> device_type:
        """Where the values live."""
        return self._value.device

    def _nnz(self) -> int:
        return int(self._value.shape[0])

    def is_coalesced(self) -> bool:
        """True if the indices are sorted and none repeats."""
        return self._sorted

    def _indices(self) -> Tensor:
        return self._index

    def _values(self) -> Tensor:
        return self._value

    def indices(self) -> Tensor:
        """The indices (sparse_dim, nnz). Raises RuntimeError before coalesce()."""
        return self._known("indices", self._index)

    def values(self) -> Tensor:
        """The values (nnz, *dense). Raises RuntimeError before coalesce()."""
        return self._known("values", self._value)

    def _known(self, what: str, part: Tensor) -> Tensor:
        if not self._sorted:
            raise RuntimeError(f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first")
        return part

    @property
    def requires_grad(self) -> bool:
        """True if the values require grad."""
        return self._value.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> SparseTensor:
        """Say whether autograd shall follow the values."""
        self._value.requires_grad_(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """True if the values are a leaf."""
        return self._value.is_leaf

    @property
    def grad_fn(self) -> Any:
        """The node that made the values."""
        return self._value.grad_fn

    @property
    def grad(self) -> Any:
        """The gradient at the same indices, or None."""
        found = self._value.grad
        return None if found is None else SparseTensor._made(self._index, found, self._size, self._sorted)

    @grad.setter
    def grad(self, value: Any) -> None:
        self._value.grad = value if value is None else value.coalesce()._value

    def detach(self) -> SparseTensor:
        """The same indices and values, outside the graph."""
        return self._with(self._value.detach())

    def _with(self, value: Tensor) -> SparseTensor:
        return SparseTensor._made(self._index, value, self._size, self._sorted)

    def _flat(self) -> Any:
        """One number for each index, in the order of rows."""
        lengths = self._size[: self.sparse_dim()]
        return np.ravel_multi_index(tuple(self._index._array), lengths) if lengths else np.zeros(self._nnz(), np.int64)

    def coalesce(self) -> SparseTensor:
        """The same tensor with sorted indices, the values of equal ones added."""
        if self._sorted:
            return self
        _, first, place = np.unique(self._flat(), return_index=True, return_inverse=True)
        start = zeros((len(first), *self._value.shape[1:]), dtype=self.dtype)
        value = start.index_add(0, Tensor._of(place.reshape(-1).astype(np.int64)), self._value)
        return SparseTensor._made(Tensor._of(self._index._array[:, first]), value, self._size, True)

    def to_dense(self, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
        """A tensor with all its zeros; values of equal indices are added."""
        value = self._value if dtype is None else self._value.to(dtype)
        rows = math.prod(self._size[: self.sparse_dim()])
        flat = zeros((rows, *value.shape[1:]), dtype=value.dtype).index_add(0, Tensor._of(self._flat()), value)
        made: Tensor = flat.reshape(self._size)
        return made

    def to_sparse(self, *args: Any, **named: Any) -> SparseTensor:
        """This tensor."""
        return self

    def to(self, *args: Any, **named: Any) -> SparseTensor:
        """The values in another dtype, as Tensor.to."""
        return self._with(self._value.to(*args, **named))

    def clone(self, *, memory_format: Any = None) -> SparseTensor:
        """A copy; gradients flow through it."""
        return SparseTensor._made(self._index.clone(), self._value.clone(), self._size, self._sorted)

    def t(self) -> SparseTensor:
        """The transpose of a sparse matrix."""
        return self.transpose(0, 1)

    T = property(t)

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """Two sparse axes exchanged."""
        order = list(builtins.range(self.sparse_dim()))
        first, second = wrap_dim(dim0, self.ndim), wrap_dim(dim1, self.ndim)
        if max(first, second) >= len(order):
            raise RuntimeError("transpose: a sparse tensor's dense axes stay where they are; use .to_dense() first")
        order[first], order[second] = order[second], order[first]
        size = tuple(self._size[axis] for axis in order) + self._size[len(order) :]
        return SparseTensor._made(Tensor._of(self._index._array[order]), self._value, size)

    def matmul(self, other: Tensor) -> Tensor:
        """The product with a matrix or a vector."""
        made: Tensor = mm(self, other) if other.ndim == 2 else mm(self, other.unsqueeze(1)).squeeze(1)
        return made

    mv = __matmul__ = matmul

    def mm(self, mat2: Tensor) -> Tensor:
        """The product with a matrix."""
        made: Tensor = mm(self, mat2)
        return made

    def mul(self, other: Any) -> SparseTensor:
        """Times a number, or element by element a sparse tensor or a dense one of the same size.

        Raises RuntimeError for another size.
        """
        if isinstance(other, Tensor) and other.ndim:
            known = self.coalesce()
            dense = other.to_dense() if isinstance(other, SparseTensor) else other
            return known._with(known._value * sparse_mask(dense, known)._value)
        return self._with(self._value * other)

    __mul__ = __rmul__ = mul

    def div(self, other: Any) -> SparseTensor:
        """Divided by a number."""
        return self._with(self._value / other)

    __truediv__ = div

    def __neg__(self) -> SparseTensor:
        return self._with(-self._value)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, SparseTensor):
            raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
        if other._size != self._size:
            raise ShapeError(f"add: sparse tensors of sizes {list(self._size)} and {list(other._size)}")
        index = np.concatenate([self._index._array, other._index._array], 1)
        value = _cat(self._value, other._value)
        return SparseTensor._made(Tensor._of(index), value, self._size).coalesce()

    def __radd__(self, other: Any) -> Tensor:
        return other + self.to_dense()  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def sum(self, dim: Any = None) -> Any:
        """The sum of all values."""
        return self._value.sum() if dim is None else sum(self, dim)

    def numpy(self, *, force: bool = False) -> Any:
        """Raises TypeError: an array has all its zeros."""
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def __repr__(self) -> str:
        parts = [f"indices={_shown(self._index, 8)}", f"values={_shown(self._value.detach(), 7)}"]
        about = f"size={tuple(self._size)}, nnz={self._nnz()}, layout=gradbook.sparse_coo"
        if self.requires_grad:
            about += ", requires_grad=True" if self.is_leaf else f", grad_fn=<{type(self.grad_fn).__name__}>"
        return "tensor(" + ",\n       ".join([*parts, about]) + ")"


def _cat(a: Tensor, b: Tensor) -> Tensor:
    from gradbook.ops.joining import cat

    return cat([a, b])


def _shown(tensor: Tensor, indent: int) -> str:
    return repr(tensor).replace("\n", "\n" + " " * (indent + 7))


# -- making ----------------------------------------------------------------------------------------------------------


def sparse_coo_tensor(
    indices: Any = None, values: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, check_invariants: bool | None = None, is_coalesced: bool | None = None,
    pin_memory: bool = False,
) -> SparseTensor:  # fmt: skip
    """A sparse tensor of indices (sparse_dim, nnz) and values (nnz, *dense), as torch.sparse_coo_tensor.

    size: the largest index plus 1, if not given; sparse_coo_tensor(size) is empty. Raises RuntimeError where the
    parts do not fit. Differs: indices are always checked against the size.
    """
    if values is None:
        shape = shape_of("sparse_coo_tensor", (size if size is not None else indices,))
        kind = dtypes.of_np(array_dtype(dtype) or dtypes._default._np)
        index = zeros((len(shape), 0), dtype=dtypes.int64)
        return SparseTensor._made(index, zeros((0,), dtype=kind, requires_grad=requires_grad), shape)
    index = as_tensor(indices).to(dtypes.int64).detach()
    value = as_tensor(values, dtype=dtype)
    if requires_grad:
        value = value.detach().requires_grad_()
    if index.ndim != 2:
        raise ShapeError(f"indices must be sparse_dim x nnz, but got: {list(index.shape)}")
    if value.ndim == 0 or index.shape[1] != value.shape[0]:
        count = value.shape[0] if value.ndim else 0
        raise ShapeError(
            "indices and values must have same nnz, but got nnz from indices: "
            f"{index.shape[1]}, nnz from values: {count}"
        )
    return SparseTensor._made(index, value, _checked_size(index._array, value, size), bool(is_coalesced))


def _checked_size(index: Any, value: Tensor, size: Any) -> tuple[int, ...]:
    for axis, row in enumerate(index):
        if row.size and row.min() < 0:
            raise RuntimeError(f"found negative index {row.min()} for dim {axis}")
    if size is None:
        return (*(int(row.max(initial=-1)) + 1 for row in index), *value.shape[1:])
    shape = shape_of("sparse_coo_tensor", (size,))
    if len(shape) != len(index) + value.ndim - 1 or shape[len(index) :] != tuple(value.shape[1:]):
        raise ShapeError(
            f"number of dimensions must be sparse_dim ({len(index)}) + dense_dim ({value.ndim - 1}), but got "
            f"{len(shape)}; values are {list(value.shape)}, size is {list(shape)}"
        )
    for axis, (row, length) in enumerate(zip(index, shape, strict=False)):
        if row.size and row.max() >= length:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {axis}, size is {length} but found index {row.max()}"
            )
    return shape


def to_sparse(input: Tensor, sparse_dim: int | None = None, *, layout: Any = None) -> SparseTensor:
    """What is not 0 of a dense tensor, its first `sparse_dim` axes (all) by indices (torch.Tensor.to_sparse)."""
    if layout not in (None, formats.sparse_coo):
        raise RuntimeError(f"to_sparse: only the layout sparse_coo is there, not {layout!r}")
    count = input.ndim if sparse_dim is None else sparse_dim
    array = input._array
    filled = (array != 0).reshape(*array.shape[:count], -1).any(-1) if count < array.ndim else array != 0
    index = np.stack(np.nonzero(filled)) if count else np.zeros((0, 1), np.int64)
    value = input[tuple(Tensor._of(row) for row in index)]
    return SparseTensor._made(Tensor._of(index), value, tuple(array.shape), True)


def sparse_mask(input: Tensor, mask: SparseTensor) -> SparseTensor:
    """A dense tensor's elements at the indices of a sparse one (torch.Tensor.sparse_mask).

    Raises RuntimeError for another size.
    """
    if tuple(input.shape) != mask._size:
        raise ShapeError(f"sparse_mask(): operands have incompatible sizes {list(input.shape)} and {list(mask._size)}")
    known = mask.coalesce()
    value = input[tuple(Tensor._of(row) for row in known._index._array)]
    return known._with(value)


# -- products and sums -----------------------------------------------------------------------------------------------


def mm(mat1: Tensor, mat2: Tensor) -> Any:
    """The product of matrices, of which the first may be sparse, or both (torch.sparse.mm). (n, k), (k, m) -> (n, m).

    Two sparse ones give a sparse one. Raises RuntimeError where they do not fit.
    """
    if not isinstance(mat1, SparseTensor):
        return mat1.mm(mat2.to_dense())
    if mat1.ndim != 2 or mat2.ndim != 2:
        raise ShapeError(f"mm: expected two matrices, got {mat1.ndim}-D and {mat2.ndim}-D tensors")
    if mat1._size[1] != mat2.shape[0]:
        raise ShapeError(f"addmm: Argument #3 (dense): Expected dim 0 size {mat1._size[1]}, got {mat2.shape[0]}")
    if mat1.dtype is not mat2.dtype:
        raise RuntimeError(f"mm: matrices of {mat1.dtype} and {mat2.dtype}; bring them to one dtype with .to()")
    if isinstance(mat2, SparseTensor):
        return to_sparse(mm(mat1, mat2.to_dense()))
    rows, columns = (Tensor._of(row) for row in mat1._index._array)
    parts = mat1._value.unsqueeze(1) * mat2.index_select(0, columns)
    made: Tensor = zeros((mat1._size[0], mat2.shape[1]), dtype=parts.dtype).index_add(0, rows, parts)
    return made


spmm = mm


def addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1.0, alpha: float = 1.0) -> Tensor:
    """Beta · mat + alpha · mat1 @ mat2, with a sparse mat1 (torch.sparse.addmm)."""
    made: Tensor = mat * beta + mm(mat1, mat2) * alpha
    return made


def sum(input: SparseTensor, dim: Any = None, dtype: Any = None) -> Any:
    """The sum of all values, or over sparse axes `dim`: a sparse tensor, or a dense one if no axis is left.

    As torch.sparse.sum.
    """
    value = input._value if dtype is None else input._value.to(dtype)
    if dim is None:
        return value.sum()
    axes = [wrap_dim(axis, input.ndim) for axis in ((dim,) if isinstance(dim, int) else dim)]
    over = set(axes)
    if len(over) < len(axes):
        raise ShapeError(f"dim {next(a for a in axes if axes.count(a) > 1)} appears multiple times in the list of dims")
    sparse = input.sparse_dim()
    dense = tuple(axis - sparse + 1 for axis in over if axis >= sparse)
    value = value.sum(dense) if dense else value
    kept = [axis for axis in builtins.range(sparse) if axis not in over]
    if not kept:
        return value.sum(0)
    size = tuple(length for axis, length in enumerate(input._size) if axis not in over)
    return SparseTensor._made(Tensor._of(input._index._array[kept]), value, size).coalesce()
