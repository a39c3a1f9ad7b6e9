"""torch.onnx: the names import; `export` says that it is not here yet."""

from __future__ import annotations

import enum
from typing import Any

from gradbook.errors import MissingExtraError

__all__ = ["OperatorExportTypes", "TrainingMode", "export", "is_in_onnx_export"]


class TrainingMode(enum.Enum):
    """The mode of a module while it is exported."""

    EVAL = 0
    PRESERVE = 1
    TRAINING = 2


class OperatorExportTypes(enum.Enum):
    """What becomes of operators that ONNX lacks."""

    ONNX = 0
    ONNX_ATEN = 1
    ONNX_ATEN_FALLBACK = 2
    ONNX_FALLTHROUGH = 3


def export(model: Any, args: Any = (), f: Any = None, **options: Any) -> Any:
    """Differs: raises MissingExtraError. Export comes with an extra, gradbook[onnx], that is not there yet."""
    raise MissingExtraError(
        "torch.onnx.export: gradbook writes no ONNX files yet (it will, with the extra 'gradbook[onnx]'). Save the "
        "state_dict with torch.save or safetensors, load it in PyTorch, and export there"
    )


dynamo_export = export


def is_in_onnx_export() -> bool:
    """False."""
    return False


def register_custom_op_symbolic(symbolic_name: str, symbolic_fn: Any, opset_version: int) -> None:
    """Nothing is exported, so nothing needs to be told."""
