"""Smaller promises of torch.nn.functional and nn.utils.rnn: warnings, unbatched inputs, packed sequences' methods."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gradbook import nn
from tests.parity_tools import array_of, compare, draw, same_error, torch
from tests.parity_tools import gradbook as ours

BOTH: list[Any] = [ours, torch]


def test_corners_must_be_chosen() -> None:
    for lib in BOTH:
        with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
            lib.nn.functional.grid_sample(lib.ones(1, 1, 2, 2), lib.zeros(1, 1, 1, 2))


@pytest.mark.parametrize(("name", "shape"), [("dropout2d", (3, 4)), ("dropout2d", (3, 4, 5)), ("dropout3d", (3, 4, 5))])
def test_channelwise_dropout_of_odd_axes_warns(name: str, shape: tuple[int, ...]) -> None:
    for lib in BOTH:
        with pytest.warns(UserWarning, match=f"{name}: Received a {len(shape)}-?D input"):
            getattr(lib.nn.functional, name)(lib.ones(shape))


def test_a_volume_without_a_batch_loses_whole_channels() -> None:
    for lib in BOTH:
        lib.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = array_of(lib.nn.functional.dropout3d(lib.ones(64, 2, 2, 2), 0.5)).reshape(64, -1)
        assert (made == made[:, :1]).all()
        assert 10 < (made[:, 0] == 0).sum() < 54


def test_time_first_convolution() -> None:
    def convolve(lib: Any, x: Any, w: Any, b: Any) -> Any:
        return lib.nn.functional.conv_tbc(x, w, b, 1)

    compare(convolve, draw(5, 2, 3), draw(3, 3, 4), draw(4))


def test_packed_sequences_are_converted() -> None:
    for lib in BOTH:
        packed = lib.nn.utils.rnn.pack_sequence([lib.ones(3, 2), lib.ones(1, 2)])
        assert packed.cpu() is packed
        assert packed.to(lib.float32) is packed
        assert packed.double().data.dtype == lib.float64
        assert packed.half().float().data.dtype == lib.float32
        assert packed.long().int().data.dtype == lib.int32
        assert not packed.is_cuda
        assert not packed.is_pinned()


WRONG: dict[str, Any] = {
    "slopes": lambda lib: lib.nn.functional.rrelu(lib.ones(3), 0.4, 0.3),
    "ignored probabilities": lambda lib: lib.nn.functional.linear_cross_entropy(
        lib.ones(2, 3), lib.ones(4, 3), lib.ones(2, 4), ignore_index=1
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    same_error(WRONG[name])


def test_weights_of_a_recurrent_layer_in_a_row() -> None:
    for lib in BOTH:
        layer = lib.nn.GRU(2, 3, 2)
        assert layer._flat_weights_names == [name for name, _ in layer.named_parameters()]
        assert all(a is b for a, b in zip(layer._flat_weights, layer.parameters(), strict=True))
        assert [len(part) for part in layer.all_weights] == [4, 4]
    assert np.ndim(nn.GRU(2, 3).all_weights[0][0].detach().numpy()) == 2


def test_a_grid_has_a_gradient_of_zeros_where_the_nearest_pixel_is_taken():
    image, places = draw(1, 2, 4, 4), draw(1, 3, 3, 2)
    for padding in ("zeros", "border", "reflection"):
        compare(
            lambda lib, x, g, p=padding: lib.nn.functional.grid_sample(x, g, "nearest", p, align_corners=False),
            image, places,
        )  # fmt: skip
