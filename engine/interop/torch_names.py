"""The names by which PyTorch's pickles call dtypes, storages and what puts tensors together again."""

from __future__ import annotations

import functools
from typing import Any

from gradbook import dtypes

__all__ = ["REBUILD", "STORAGE_DTYPES", "STORAGE_NAMES", "Name", "name_of_dtype", "torch_name"]

STORAGE_NAMES = {
    "float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
    "int64": "LongStorage", "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage",
    "uint8": "ByteStorage", "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}  # fmt: skip
STORAGE_DTYPES = {storage: dtypes.PUBLIC[dtype] for dtype, storage in STORAGE_NAMES.items()}


class Name:
    """A global in a pickle, by its name alone: what it names need not be there to write of it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self, *_: Any) -> Any:
        """Never called: the pickler asks only whether it could be."""
        raise TypeError(f"{self.module}.{self.name} is a name in a file")


@functools.cache
def torch_name(path: str) -> Name:
    """The name of something of PyTorch's: `_utils._rebuild_tensor_v2`, `Size`."""
    module, _, name = f"torch.{path}".rpartition(".")
    return Name(module, name)


def name_of_dtype(dtype: dtypes.dtype) -> Name:
    """torch.float32 and its kin."""
    return torch_name(dtype._name)


REBUILD = "_utils._rebuild_"  # tensor_v2, tensor_v3, parameter, parameter_with_state
