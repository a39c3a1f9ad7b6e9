"""torch.torch_version: a version that compares as one."""

from gradbook.version import TorchVersion

__all__ = ["TorchVersion"]
