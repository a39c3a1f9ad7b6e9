"""torch.amp.GradScaler: the loss made larger, so that small gradients survive float16; steps that skip infinities."""

from __future__ import annotations

import enum
import warnings
from typing import Any

import gradbook
from gradbook.tensor import Tensor

__all__ = ["GradScaler", "OptState"]


class OptState(enum.Enum):
    """Where an optimizer stands between two calls of update()."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


class GradScaler:
    """Scales a loss, unscales gradients, skips a step whose gradients overflow, as torch.amp.GradScaler.

    scale(loss).backward(); step(optimizer); update(). The scale shrinks by backoff_factor after an overflow, and grows
    by growth_factor after growth_interval steps without one. Warns and does nothing for a GPU that is not there.
    Raises AssertionError for factors on the wrong side of 1, RuntimeError for calls out of order.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = device
        self._enabled = bool(enabled)
        if self._enabled and device == "cuda" and not gradbook.cuda.is_available():
            warnings.warn(
                "GradScaler is enabled, but CUDA is not available. Disabling. GradScaler('cpu') works here.",
                UserWarning,
                stacklevel=2,
            )
            self._enabled = False
        if self._enabled:
            assert growth_factor > 1.0, "The growth factor must be > 1.0."
            assert backoff_factor < 1.0, "The backoff factor must be < 1.0."
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._scale = float(init_scale)
        self._optimizers: dict[int, tuple[OptState, bool]] = {}  # id -> (stage, a gradient overflowed)

    # -- a step ---------------------------------------------------------------------------------------------------

    def scale(self, outputs: Any) -> Any:
        """A tensor, or a list or tuple of them, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * gradbook.tensor(self._scale, device=outputs.device)
        if isinstance(outputs, list | tuple):
            return type(outputs)(self.scale(output) for output in outputs)
        if hasattr(outputs, "__iter__"):
            return map(self.scale, outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer by the scale, for instance to clip them. Once between two updates."""
        if not self._enabled:
            return
        stage, _ = self._optimizers.get(id(optimizer), (OptState.READY, False))
        if stage is OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if stage is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        self._optimizers[id(optimizer)] = (OptState.UNSCALED, self._unscale(optimizer))

    def _unscale(self, optimizer: Any) -> bool:
        """-> True if a gradient is not finite."""
        overflow, found = False, False
        with gradbook.no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    grad = parameter.grad
                    if grad is None:
                        continue
                    if grad.dtype is gradbook.float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    found = True
                    overflow = overflow or not bool(gradbook.isfinite(grad).all())
                    grad.mul_(1.0 / self._scale)
        if not found:
            raise AssertionError(
                "No inf checks were recorded for this optimizer: none of its parameters has a gradient"
            )
        return overflow

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """optimizer.step(*args, **kwargs) on unscaled gradients -> what it returns; None if one of them overflowed."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        stage, _ = self._optimizers.get(id(optimizer), (OptState.READY, False))
        if stage is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if stage is OptState.READY:
            self.unscale_(optimizer)
        overflow = self._optimizers[id(optimizer)][1]
        result = None if overflow else optimizer.step(*args, **kwargs)
        self._optimizers[id(optimizer)] = (OptState.STEPPED, overflow)
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Make the scale smaller after an overflow, larger after long without one, or what it is told."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._optimizers:
            raise AssertionError("No inf checks were recorded prior to update.")
        elif any(overflow for _, overflow in self._optimizers.values()):
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                self._scale *= self._growth_factor
                self._growth_tracker = 0
        self._optimizers.clear()

    # -- what it knows --------------------------------------------------------------------------------------------

    def get_scale(self) -> float:
        """The scale now; 1 where it is not enabled."""
        return self._scale if self._enabled else 1.0

    def is_enabled(self) -> bool:
        """True if it does anything."""
        return self._enabled

    def get_growth_factor(self) -> float:
        """By how much the scale grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set by how much the scale grows."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """By how much the scale shrinks."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set by how much the scale shrinks."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many steps without an overflow the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many steps without an overflow the scale grows."""
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """What a run needs to go on, under PyTorch's keys; empty where it is not enabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what state_dict gave, here or in PyTorch. Raises RuntimeError for an empty one."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._scale = float(state_dict["scale"])
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval, self._growth_tracker = state_dict["growth_interval"], state_dict["_growth_tracker"]
