"""torch.utils.hooks: what registering a hook gives."""

from gradbook.autograd.node import RemovableHandle

__all__ = ["RemovableHandle"]
