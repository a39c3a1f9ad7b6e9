"""Learning rate schedules under PyTorch's name: torch.optim.lr_scheduler."""

from __future__ import annotations

from gradbook.optim.cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from gradbook.optim.scheduler import EPOCH as EPOCH_DEPRECATION_WARNING
from gradbook.optim.scheduler import ChainedScheduler, LRScheduler, SequentialLR
from gradbook.optim.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    ReduceLROnPlateau,
    StepLR,
)

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

_LRScheduler = LRScheduler
EPOCH_DEPRECATION_WARNING = EPOCH_DEPRECATION_WARNING
