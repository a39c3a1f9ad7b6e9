"""Optimizers and learning rate schedules, as torch.optim."""

from __future__ import annotations

from gradbook.optim import lr_scheduler
from gradbook.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from gradbook.optim.adaptive import ASGD, Adadelta, Adagrad, RMSprop, Rprop
from gradbook.optim.lbfgs import LBFGS
from gradbook.optim.matrix import Adafactor, Muon
from gradbook.optim.optimizer import Optimizer
from gradbook.optim.sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
]
