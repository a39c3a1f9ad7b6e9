"""Optimizers and learning rate schedules, as torch.optim."""

from __future__ import annotations

from gradbook.optim import lr_scheduler, swa_utils
from gradbook.optim._adafactor import Adafactor
from gradbook.optim._muon import Muon
from gradbook.optim.adadelta import Adadelta
from gradbook.optim.adagrad import Adagrad
from gradbook.optim.adam import Adam
from gradbook.optim.adamax import Adamax
from gradbook.optim.adamw import AdamW
from gradbook.optim.asgd import ASGD
from gradbook.optim.lbfgs import LBFGS
from gradbook.optim.nadam import NAdam
from gradbook.optim.optimizer import Optimizer
from gradbook.optim.radam import RAdam
from gradbook.optim.rmsprop import RMSprop
from gradbook.optim.rprop import Rprop
from gradbook.optim.sgd import SGD
from gradbook.optim.sparse_adam import SparseAdam

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "Optimizer",
    "RAdam", "RMSprop", "Rprop", "SparseAdam", "lr_scheduler", "swa_utils",
]  # fmt: skip
