"""torch.utils.deterministic: what new memory holds."""

__all__ = ["fill_uninitialized_memory"]

fill_uninitialized_memory = True  # kept; `empty` gives whatever the memory held
