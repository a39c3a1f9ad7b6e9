"""torch.backends.mkldnn: oneDNN is not used; what is switched is kept and changes nothing."""

from __future__ import annotations

from gradbook.backends.flags import scoped

__all__ = ["allow_tf32", "deterministic", "enabled", "flags", "is_available"]

enabled = True
deterministic = False
allow_tf32 = True
flags = scoped(globals(), "enabled", "deterministic", "allow_tf32")


def is_available() -> bool:
    """False: NumPy computes."""
    return False
