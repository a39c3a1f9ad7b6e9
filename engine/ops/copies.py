"""The ops that give a view, giving a copy: gradbook.diagonal_copy(x) is x.diagonal().clone(), as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.ops.arguments import write_out
from gradbook.ops.complex import view_as_complex, view_as_real
from gradbook.ops.elementwise import describe
from gradbook.ops.indexing import FULL
from gradbook.ops.shape import need_tensor, wrap_dim
from gradbook.tensor import Tensor

__all__ = [
    "alias_copy",
    "as_strided_copy",
    "detach_copy",
    "diagonal_copy",
    "expand_copy",
    "permute_copy",
    "select_copy",
    "slice_copy",
    "split_copy",
    "split_with_sizes_copy",
    "squeeze_copy",
    "t_copy",
    "transpose_copy",
    "unbind_copy",
    "unfold_copy",
    "unsqueeze_copy",
    "view_as_complex_copy",
    "view_as_real_copy",
    "view_copy",
]  # fmt: skip


def copy_of(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """The function that copies what a view shows; several views give a tuple."""

    def copied(input: Tensor, *args: Any, out: Any = None, **named: Any) -> Any:
        shown = view(need_tensor(name, input), *args, **named)
        if isinstance(shown, Tensor):
            return write_out(name, shown.clone(), out)
        copies = tuple(part.clone() for part in shown)
        return copies if out is None else tuple(write_out(name, c, o) for c, o in zip(copies, out, strict=True))

    describe(copied, name, f"As {name.removesuffix('_copy')}, in memory of its own (torch.{name}).")
    return copied


def as_method(name: str) -> Callable[..., Any]:
    """The method of that name, called on the first argument."""
    return lambda x, *args, **named: getattr(x, name)(*args, **named)


def _slice(x: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    return x[(*(FULL,) * wrap_dim(dim, x.ndim), slice(start, end, step))]


alias_copy = copy_of("alias_copy", lambda x: x)
as_strided_copy = copy_of("as_strided_copy", as_method("as_strided"))
detach_copy = copy_of("detach_copy", as_method("detach"))
diagonal_copy = copy_of("diagonal_copy", as_method("diagonal"))
expand_copy = copy_of("expand_copy", lambda x, size, *, implicit=False: x.expand(size))
permute_copy = copy_of("permute_copy", as_method("permute"))
select_copy = copy_of("select_copy", as_method("select"))
slice_copy = copy_of("slice_copy", _slice)
split_copy = copy_of("split_copy", as_method("split"))
split_with_sizes_copy = copy_of("split_with_sizes_copy", as_method("split_with_sizes"))
squeeze_copy = copy_of("squeeze_copy", as_method("squeeze"))
t_copy = copy_of("t_copy", as_method("t"))
transpose_copy = copy_of("transpose_copy", as_method("transpose"))
unbind_copy = copy_of("unbind_copy", as_method("unbind"))
unfold_copy = copy_of("unfold_copy", as_method("unfold"))
unsqueeze_copy = copy_of("unsqueeze_copy", as_method("unsqueeze"))
view_as_complex_copy = copy_of("view_as_complex_copy", view_as_complex)
view_as_real_copy = copy_of("view_as_real_copy", view_as_real)
view_copy = copy_of("view_copy", as_method("view"))
