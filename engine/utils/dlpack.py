"""DLPack capsules, as torch.utils.dlpack."""

from gradbook.ops.exchange import DLDeviceType, from_dlpack, to_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]
