"""Recurrent layers and cells: RNN, LSTM, GRU."""

from __future__ import annotations

import math
import warnings
from typing import Any

import gradbook
from gradbook.autograd import casting
from gradbook.nn import init
from gradbook.nn.module import Module
from gradbook.nn.parameter import Parameter
from gradbook.nn.utils.rnn import PackedSequence
from gradbook.ops.dropout import dropout
from gradbook.ops.recurrent import STEPS, run_layer
from gradbook.tensor import Tensor

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: weights by layer and direction, start uniform in ±1/sqrt(hidden_size)."""

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._check_arguments(hidden_size, num_layers, dropout, proj_size, mode)
        self._check_input_options(input_size, bias, batch_first)
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        directions, gates = 2 if bidirectional else 1, GATES[mode] * hidden_size
        out = proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            width = input_size if layer == 0 else out * directions
            for direction in range(directions):
                suffix = f"_l{layer}" + ("_reverse" if direction else "")
                shapes: dict[str, tuple[int, ...]] = {
                    f"weight_ih{suffix}": (gates, width),
                    f"weight_hh{suffix}": (gates, out),
                }
                if bias:
                    shapes |= {f"bias_ih{suffix}": (gates,), f"bias_hh{suffix}": (gates,)}
                if proj_size:
                    shapes[f"weight_hr{suffix}"] = (proj_size, hidden_size)
                for name, shape in shapes.items():
                    setattr(self, name, Parameter(gradbook.empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(shapes))
        self.reset_parameters()

    @staticmethod
    def _check_arguments(hidden_size: Any, num_layers: int, dropout: Any, proj_size: int, mode: str) -> None:
        number = isinstance(dropout, (int, float)) and not isinstance(dropout, bool)
        if not number or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
                "expects num_layers "
                f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=4,
            )
        if not isinstance(hidden_size, int):
            raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    @staticmethod
    def _check_input_options(input_size: Any, bias: Any, batch_first: Any) -> None:
        for name, value, kind in (
            ("input_size", input_size, int),
            ("bias", bias, bool),
            ("batch_first", batch_first, bool),
        ):
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        if input_size <= 0:
            raise ValueError("input_size must be greater than zero")

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do: weights are used where they lie."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size != 0:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.batch_first is not False:
            text += f", batch_first={self.batch_first}"
        if self.dropout != 0:
            text += f", dropout={self.dropout}"
        if self.bidirectional is not False:
            text += f", bidirectional={self.bidirectional}"
        return text

    # -- the run -----------------------------------------------------------------------------------------------------

    def forward(self, input: Any, hx: Any = None) -> Any:
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.ndim not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead")
        self._check_dtype(input)
        batched = input.ndim == 3
        x = input if batched else input.unsqueeze(0 if self.batch_first else 1)
        states = self._states(x.shape[0 if self.batch_first else 1], x, hx, batched)
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{x.shape[-1]}: {type(self).__name__}"
                f" takes {'(batch, time, features)' if self.batch_first else '(time, batch, features)'}, "
                f"input is {tuple(input.shape)}"
            )
        x = x.transpose(0, 1).contiguous() if self.batch_first else x
        y, last = self._run(x, states, None)
        y = y.transpose(0, 1).contiguous() if self.batch_first else y
        if not batched:
            y = y.squeeze(0 if self.batch_first else 1)
            last = [state.squeeze(1) for state in last]
        return y, (tuple(last) if self.mode == "LSTM" else last[0])

    def _check_dtype(self, input: Tensor) -> None:
        weight = getattr(self, self._all_weights[0][0])
        if input.dtype != weight.dtype and not casting.scopes:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Any]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> Any:
        x, sizes = packed.data, packed.batch_sizes.tolist()
        self._check_dtype(x)
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x.shape[-1]}"
            )
        if hx is not None and packed.sorted_indices is not None:
            hx = tuple(h.index_select(1, packed.sorted_indices) for h in (hx if self.mode == "LSTM" else (hx,)))
            hx = hx if self.mode == "LSTM" else hx[0]
        y, last = self._run(x, self._states(sizes[0], x, hx, True), sizes)
        if packed.unsorted_indices is not None:
            last = [state.index_select(1, packed.unsorted_indices) for state in last]
        output = PackedSequence(y, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        return output, (tuple(last) if self.mode == "LSTM" else last[0])

    def _states(self, batch: int, x: Tensor, hx: Any, batched: bool) -> list[Tensor]:
        """The initial states, (layers * directions, n, size) each; zeros if none are given."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        widths = [self.proj_size or self.hidden_size] + ([self.hidden_size] if self.mode == "LSTM" else [])
        if hx is None:
            return [gradbook.zeros((count, batch, width), dtype=x.dtype, device=x.device) for width in widths]
        given = list(hx) if self.mode == "LSTM" else [hx]
        axes = 3 if batched else 2
        if any(state.ndim != axes for state in given):
            kind = "batched 3-D" if batched else "unbatched 2-D"
            shapes = ", ".join(f"{state.ndim}-D" for state in given)
            raise RuntimeError(f"For {kind} input, hx should also be {axes}-D but got {shapes} tensor")
        given = given if batched else [state.unsqueeze(1) for state in given]
        for i, (state, width) in enumerate(zip(given, widths, strict=True)):
            wanted = (count, batch, width)
            if tuple(state.shape) != wanted:
                what = "hidden" if len(widths) == 1 else f"hidden[{i}]"
                raise RuntimeError(f"Expected {what} size {wanted}, got {list(state.shape)}")
        return given

    def _run(self, x: Tensor, states: list[Tensor], sizes: list[int] | None) -> tuple[Tensor, list[Tensor]]:
        directions = 2 if self.bidirectional else 1
        last: list[list[Tensor]] = [[] for _ in states]
        for layer in range(self.num_layers):
            outs = []
            for direction in range(directions):
                i = layer * directions + direction
                weights = [getattr(self, name) for name in self._all_weights[i]]
                if not self.bias:
                    weights[2:2] = [None, None]
                out, final = run_layer(self.mode, x, [state[i] for state in states], weights, direction == 1, sizes)
                outs.append(out)
                for kept, state in zip(last, final, strict=True):
                    kept.append(state)
            x = outs[0] if directions == 1 else gradbook.cat(outs, -1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = dropout(x, self.dropout)
        return x, [kept[0].unsqueeze(0).clone() if len(kept) == 1 else gradbook.stack(kept) for kept in last]


class RNN(RNNBase):
    """h_t = tanh(x_t W_ihᵀ + b_ih + h_{t-1} W_hhᵀ + b_hh), as torch.nn.RNN; nonlinearity tanh or relu.

    input (time, n, input_size), (n, time, ...) with batch_first, or without n; h_0 (layers * directions, n,
    hidden_size) or
    zeros -> output (time, n, directions * hidden_size), h_n. Raises RuntimeError where sizes do not fit.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        args = list(args)  # type: ignore[assignment]
        nonlinearity = args.pop(3) if len(args) > 3 else kwargs.pop("nonlinearity", "tanh")  # type: ignore[attr-defined]
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self.__dict__["nonlinearity"] = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory, as torch.nn.LSTM (Hochreiter and Schmidhuber, 1997; gates i, f, g, o in this order).

    input (time, n, input_size), (n, time, ...) with batch_first, or without n; (h_0, c_0) of (layers * directions, n,
    size)
    or zeros -> output (time, n, directions * size), (h_n, c_n). Raises RuntimeError where sizes do not fit.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent unit, as torch.nn.GRU (Cho et al., 2014; gates r, z, n in this order). Shapes as RNN."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


# -- cells -------------------------------------------


class RNNCellBase(Module):
    """What cells share: one step, weights start uniform in ±1/sqrt(hidden_size)."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(gradbook.empty((gates, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(gradbook.empty((gates, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(
                name, Parameter(gradbook.empty(gates, device=device, dtype=dtype)) if bias else None
            )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _step(self, mode: str, input: Tensor, hx: Any) -> list[Tensor]:
        """One step from (n, input_size) or (input_size,) and the states."""
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}")
        x = input if input.ndim == 2 else input.unsqueeze(0)
        count = 2 if mode == "LSTM" else 1
        given = [None] * count if hx is None else list(hx) if count == 2 else [hx]
        states = []
        for i, state in enumerate(given):
            if state is None:
                state = gradbook.zeros((x.shape[0], self.hidden_size), dtype=x.dtype, device=x.device)
            elif state.ndim not in (1, 2):
                what = "hidden" if count == 1 else f"hx[{i}]"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {state.ndim}D instead")
            elif state.ndim == 1:
                state = state.unsqueeze(0)
            self._check_state(i, x, state)
            states.append(state)
        found: list[Tensor] = STEPS[mode](x, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return found if input.ndim == 2 else [state.squeeze(0) for state in found]

    def _check_state(self, i: int, x: Tensor, state: Tensor) -> None:
        if state.shape[-1] != self.hidden_size:
            words = f"hidden{i} has inconsistent hidden_size: got {state.shape[-1]}, expected {self.hidden_size}"
            raise RuntimeError(words)
        if state.shape[0] != x.shape[0]:
            raise RuntimeError(f"Input batch size {x.shape[0]} doesn't match hidden{i} batch size {state.shape[0]}")


class RNNCell(RNNCellBase):
    """One step of RNN, as torch.nn.RNNCell: (n, input_size), (n, hidden_size) -> (n, hidden_size)."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(f"RNN_{self.nonlinearity.upper()}", input, hx)[0]


class LSTMCell(RNNCellBase):
    """One step of LSTM, as torch.nn.LSTMCell: (n, input_size), (h, c) -> (h, c)."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        h, c = self._step("LSTM", input, hx)
        return h, c


class GRUCell(RNNCellBase):
    """One step of GRU, as torch.nn.GRUCell: (n, input_size), (n, hidden_size) -> (n, hidden_size)."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step("GRU", input, hx)[0]
