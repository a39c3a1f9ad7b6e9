"""Anomaly mode names the forward line and refuses nan, as PyTorch's does."""

from __future__ import annotations

import warnings

import pytest

import gradbook
from gradbook.autograd import anomaly_mode

torch = pytest.importorskip("torch")


def nan_in_backward(lib):
    x = lib.zeros(3, requires_grad=True)
    y = x.sqrt() * 0  # the line to be named
    y.sum().backward()


def told(run):
    """(the error's text, all warnings' texts) of what fails."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError) as error:
            run()
    return str(error.value), "".join(str(w.message) for w in found if w.category is UserWarning)


def test_nan_is_an_error_and_the_line_is_named():
    for lib in (torch, gradbook):

        def run(lib=lib):
            with lib.autograd.detect_anomaly():
                nan_in_backward(lib)

        error, text = told(run)
        assert "'SqrtBackward0' returned nan values in its 0th output" in error
        assert "Anomaly Detection has been enabled" in text
        assert "Error detected in SqrtBackward0" in text
        assert "the line to be named" in text


def test_without_the_check_an_error_still_names_the_line():
    class Broken(gradbook.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyError("lost")

    with gradbook.autograd.set_detect_anomaly(True, check_nan=False):
        nan_in_backward(gradbook)
        with pytest.warns(UserWarning, match="Error detected in BrokenBackward"), pytest.raises(KeyError, match="lost"):
            Broken.apply(gradbook.ones(2, requires_grad=True)).sum().backward()


def test_a_graph_made_before_has_no_lines():
    x = gradbook.zeros(3, requires_grad=True)
    y = x.sqrt().sum() * 0

    def run():
        with gradbook.autograd.set_detect_anomaly(True):
            y.backward()

    error, text = told(run)
    assert "nan" in error
    assert "No forward pass information" in text


def test_switched_off_again():
    assert not anomaly_mode.is_anomaly_enabled()
    gradbook.autograd.set_detect_anomaly(True)
    assert anomaly_mode.is_anomaly_enabled()
    assert anomaly_mode.is_anomaly_check_nan_enabled()
    gradbook.autograd.set_detect_anomaly(False)
    assert not anomaly_mode.is_anomaly_enabled()
    nan_in_backward(gradbook)
    assert not gradbook.events.op


def test_variable():
    for lib in (torch, gradbook):
        variable = lib.autograd.Variable
        x = lib.ones(2)
        made = variable(x, requires_grad=True)
        assert made is not x
        assert made.requires_grad
        assert made.is_leaf
        assert made.data_ptr() == x.data_ptr()
        assert not variable(made).requires_grad
        assert isinstance(x, variable)
        with pytest.raises(TypeError):
            variable([1.0])
