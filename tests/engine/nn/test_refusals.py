"""Wrong options and inputs of layers raise what PyTorch raises, in words that begin as its do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity_tools import same_error, torch


def transformer(lib: Any) -> Any:
    return lib.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)


MISTAKES: dict[str, Any] = {
    "batch norm eps": lambda lib: lib.nn.BatchNorm1d(3, eps=0.0)(lib.ones(2, 3)),
    "batch norm axes": lambda lib: lib.nn.BatchNorm2d(3)(lib.ones(2, 3)),
    "class weights' dtype": lambda lib: lib.nn.NLLLoss(lib.ones(3).half())(lib.ones(2, 3), lib.tensor([0, 1])),
    "huber delta": lambda lib: lib.nn.HuberLoss(delta=1j),
    "ignored probabilities": lambda lib: lib.nn.CrossEntropyLoss(ignore_index=1)(lib.ones(2, 3), lib.ones(2, 3)),
    "integer classes": lambda lib: lib.nn.CrossEntropyLoss()(lib.ones(2, 3), lib.tensor([0, 1], dtype=lib.int32)),
    "rows of margins": lambda lib: lib.nn.MultiMarginLoss()(lib.ones(5, 3), lib.tensor([0, 1, 2])),
    "circular axes": lambda lib: lib.nn.CircularPad1d(3)(lib.ones(2, 3, 4, 5)),
    "circular volume": lambda lib: lib.nn.CircularPad3d(3)(lib.ones(2, 3)),
    "rnn dtype": lambda lib: lib.nn.LSTM(3, 5)(lib.ones(2, 4, 3).double()),
    "rnn bias": lambda lib: lib.nn.GRU(3, 5, bias=1),
    "rnn batch_first": lambda lib: lib.nn.RNN(3, 5, batch_first="False"),
    "rnn input_size": lambda lib: lib.nn.RNN(3.0, 5),
    "rnn no input": lambda lib: lib.nn.RNN(0, 5),
    "rnn no layers": lambda lib: lib.nn.LSTM(3, 5, 0),
    "rnn proj_size": lambda lib: lib.nn.LSTM(3, 5, proj_size=5),
    "rnn dropout": lambda lib: lib.nn.LSTM(3, 5, 2, dropout=1.5),
    "rnn axes": lambda lib: lib.nn.LSTM(3, 5)(lib.ones(2, 2, 4, 3)),
    "rnn features": lambda lib: lib.nn.LSTM(3, 5)(lib.ones(2, 4, 4)),
    "rnn state": lambda lib: lib.nn.GRU(3, 5)(lib.ones(2, 4, 3), lib.ones(1, 3, 5)),
    "rnn state's axes": lambda lib: lib.nn.GRU(3, 5)(lib.ones(2, 4, 3), lib.ones(4, 5)),
    "rnn cell state": lambda lib: lib.nn.LSTM(3, 5)(lib.ones(2, 4, 3), (lib.ones(1, 4, 5), lib.ones(1, 4, 6))),
    "cell input": lambda lib: lib.nn.RNNCell(3, 5)(lib.ones(2, 4)),
    "cell state": lambda lib: lib.nn.GRUCell(3, 5)(lib.ones(2, 3), lib.ones(2, 6)),
    "cell rows": lambda lib: lib.nn.LSTMCell(3, 5)(lib.ones(2, 3), (lib.ones(3, 5), lib.ones(3, 5))),
    "cell axes": lambda lib: lib.nn.LSTMCell(3, 5)(lib.ones(2, 3), (lib.ones(2, 1, 1, 5), lib.ones(2, 1, 1, 5))),
    "cell nonlinearity": lambda lib: lib.nn.RNNCell(3, 5, nonlinearity="x")(lib.ones(2, 3)),
    "linear classes' weight": lambda lib: lib.nn.LinearCrossEntropyLoss(3, 2, weight=lib.ones(3)),
    "linear smoothing": lambda lib: lib.nn.LinearCrossEntropyLoss(3, 2, label_smoothing=2.0),
    "linear rows": lambda lib: lib.nn.LinearCrossEntropyLoss(3, 2)(lib.ones(4, 3), lib.ones(5, 2)),
    "heads": lambda lib: lib.nn.MultiheadAttention(6, 4),
    "no heads": lambda lib: lib.nn.MultiheadAttention(6, 0),
    "groups": lambda lib: lib.nn.Conv2d(3, 4, 3, groups=2),
    "padding": lambda lib: lib.nn.Conv2d(3, 4, 3, padding="full"),
    "padding mode": lambda lib: lib.nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    "strided same": lambda lib: lib.nn.Conv2d(3, 4, 3, stride=2, padding="same"),
    "channels": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.ones(1, 2, 8, 8)),
    "kernel": lambda lib: lib.nn.Conv2d(3, 4, 9)(lib.ones(1, 3, 8, 8)),
    "transposed mode": lambda lib: lib.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    "output_size": lambda lib: lib.nn.ConvTranspose2d(3, 4, 3, stride=2)(lib.ones(1, 3, 4, 4), output_size=[20, 20]),
    "groups of norm": lambda lib: lib.nn.GroupNorm(2, 5),
    "channels of norm": lambda lib: lib.nn.GroupNorm(2, 6)(lib.ones(1, 4, 3)),
    "layer norm": lambda lib: lib.nn.LayerNorm([3, 4])(lib.ones(2, 4, 3)),
    "dropout": lambda lib: lib.nn.Dropout(1.5),
    "embedding": lambda lib: lib.nn.Embedding(4, 2)(lib.tensor([5])),
    "padding_idx": lambda lib: lib.nn.Embedding(4, 2, padding_idx=5),
    "bags": lambda lib: lib.nn.EmbeddingBag(4, 2)(lib.tensor([1, 2])),
    "pooled away": lambda lib: lib.nn.MaxPool2d(3)(lib.ones(1, 1, 2, 2)),
    "pool padding": lambda lib: lib.nn.MaxPool2d(2, padding=2)(lib.ones(1, 1, 4, 4)),
    "unflatten": lambda lib: lib.nn.Unflatten(1, 3),
    "shuffle": lambda lib: lib.nn.PixelShuffle(2)(lib.ones(1, 3, 2, 2)),
    "upsample": lambda lib: lib.nn.Upsample(mode="bilinear")(lib.ones(1, 1, 2, 2)),
    "upsample mode": lambda lib: lib.nn.Upsample(2, mode="cubic")(lib.ones(1, 1, 2, 2)),
    "reduction": lambda lib: lib.nn.MSELoss(reduction="max")(lib.ones(2), lib.ones(2)),
    "bce": lambda lib: lib.nn.BCELoss()(lib.ones(2, 3), lib.ones(2)),
    "bce range": lambda lib: lib.nn.BCELoss()(2 * lib.ones(2), lib.ones(2)),
    "bce logits": lambda lib: lib.nn.BCEWithLogitsLoss()(lib.ones(2, 3), lib.ones(2)),
    "margin": lambda lib: lib.nn.TripletMarginLoss(margin=-1.0),
    "transformer features": lambda lib: transformer(lib)(lib.ones(3, 2, 6), lib.ones(3, 2, 8)),
    "transformer batch": lambda lib: transformer(lib)(lib.ones(3, 2, 8), lib.ones(2, 4, 8)),
    "activation": lambda lib: lib.nn.TransformerEncoderLayer(8, 2, activation="swish"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_same_error(name: str) -> None:
    assert torch is not None
    same_error(MISTAKES[name])
