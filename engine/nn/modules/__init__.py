"""Layers by family."""

from __future__ import annotations

from gradbook.nn.module import Module
from gradbook.nn.modules import (
    activation,
    attention,
    batchnorm,
    container,
    conv,
    dropout,
    instancenorm,
    linear,
    loss,
    normalization,
    padding,
    pooling,
    rnn,
    shape,
    sparse,
    transformer,
)
from gradbook.nn.modules import utils as utils
from gradbook.nn.modules.activation import *
from gradbook.nn.modules.attention import *
from gradbook.nn.modules.batchnorm import *
from gradbook.nn.modules.container import *
from gradbook.nn.modules.conv import *
from gradbook.nn.modules.dropout import *
from gradbook.nn.modules.instancenorm import *
from gradbook.nn.modules.linear import *
from gradbook.nn.modules.loss import *
from gradbook.nn.modules.normalization import *
from gradbook.nn.modules.padding import *
from gradbook.nn.modules.pooling import *
from gradbook.nn.modules.rnn import *
from gradbook.nn.modules.shape import *
from gradbook.nn.modules.sparse import *
from gradbook.nn.modules.transformer import *

__all__ = [
    "Module",
    *activation.__all__,
    *attention.__all__,
    *batchnorm.__all__,
    *container.__all__,
    *conv.__all__,
    *dropout.__all__,
    *instancenorm.__all__,
    *linear.__all__,
    *loss.__all__,
    *normalization.__all__,
    *padding.__all__,
    *pooling.__all__,
    *rnn.__all__,
    *shape.__all__,
    *sparse.__all__,
    *transformer.__all__,
]
