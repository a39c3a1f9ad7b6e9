"""Transformer layers and stacks (Vaswani et al., 2017)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import gradbook
from gradbook.nn import functional, init
from gradbook.nn.module import Module
from gradbook.nn.modules.attention import MultiheadAttention
from gradbook.nn.modules.container import ModuleList
from gradbook.nn.modules.dropout import Dropout
from gradbook.nn.modules.linear import Linear
from gradbook.nn.modules.normalization import LayerNorm
from gradbook.tensor import Tensor

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]


def _get_activation_fn(activation: str) -> Callable[[Tensor], Tensor]:
    if activation == "relu":
        return functional.relu
    if activation == "gelu":
        return functional.gelu
    raise RuntimeError(f"activation should be relu/gelu, not {activation}")


def _get_clones(module: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(module) for _ in range(n)])


def _causal(mask: Tensor | None, is_causal: bool | None, length: int) -> bool:
    """Whether a mask is the causal one, where the caller did not say."""
    if is_causal is not None or mask is None:
        return bool(is_causal)
    if tuple(mask.shape[-2:]) != (length, length):
        return False
    made = Transformer.generate_square_subsequent_mask(
        length, dtype=mask.dtype if mask.dtype.is_floating_point else None
    )
    return bool((mask._array == made._array).all()) if mask.dtype.is_floating_point else False


class _FeedForward(Module):
    """What encoder and decoder layers share: the two linear layers, the norms, the dropouts."""

    activation: Any

    def _parts(
        self, d_model: int, dim_feedforward: int, dropout: float, activation: Any, eps: float, norm_first: bool,
        bias: bool,
        norms: int, where: dict[str, Any],
    ) -> None:  # fmt: skip
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **where)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **where)
        self.norm_first = norm_first
        for i in range(1, norms + 1):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=eps, bias=bias, **where))
        for i in range(1, norms + 1):
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation

    def _attend(
        self, attention: Any, drop: Any, x: Tensor, memory: Tensor, mask: Any, padding: Any, causal: bool
    ) -> Tensor:
        y = attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, is_causal=causal, need_weights=False
        )[0]
        made: Tensor = drop(y)
        return made

    def _feed(self, x: Tensor, drop: Any) -> Tensor:
        made: Tensor = drop(self.linear2(self.dropout(self.activation(self.linear1(x)))))
        return made


class TransformerEncoderLayer(_FeedForward):
    """Self attention and two linear layers, each with dropout.

    Residual and layer norm (torch.nn.TransformerEncoderLayer).

    src (l, n, d_model), or (n, l, d_model) with batch_first -> the same. norm_first: norms before, not after, each
    part.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Any = functional.relu,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        where = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **where
        )
        self._parts(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, 2, where)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            causal = is_causal and src_mask is not None
            return self._attend(self.self_attn, self.dropout1, x, x, src_mask, src_key_padding_mask, causal)

        x = src
        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + self._feed(self.norm2(x), self.dropout2)
        x = self.norm1(x + attend(x))
        made: Tensor = self.norm2(x + self._feed(x, self.dropout2))
        return made


class TransformerDecoderLayer(_FeedForward):
    """Self attention, attention to the encoder's memory, two linear layers (torch.nn.TransformerDecoderLayer).

    tgt (l, n, d_model), memory (s, n, d_model), or n first with batch_first -> as tgt.
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Any = functional.relu,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        where = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **where
        )
        self.multihead_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **where
        )
        self._parts(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, bias, 3, where)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def own(x: Tensor) -> Tensor:
            causal = tgt_is_causal and tgt_mask is not None
            return self._attend(self.self_attn, self.dropout1, x, x, tgt_mask, tgt_key_padding_mask, causal)

        def look(x: Tensor) -> Tensor:
            causal = memory_is_causal and memory_mask is not None
            return self._attend(
                self.multihead_attn, self.dropout2, x, memory, memory_mask, memory_key_padding_mask, causal
            )

        x = tgt
        if self.norm_first:
            x = x + own(self.norm1(x))
            x = x + look(self.norm2(x))
            return x + self._feed(self.norm3(x), self.dropout3)
        x = self.norm1(x + own(x))
        x = self.norm2(x + look(x))
        made: Tensor = self.norm3(x + self._feed(x, self.dropout3))
        return made


class TransformerEncoder(Module):
    """num_layers copies of an encoder layer, and a norm if given, as torch.nn.TransformerEncoder.

    Differs: there are no nested tensors, so no warning that they are not used.
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers = _get_clones(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        causal = _causal(mask, is_causal, src.shape[1 if self.layers[0].self_attn.batch_first and src.ndim == 3 else 0])
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=causal, src_key_padding_mask=src_key_padding_mask)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """num_layers copies of a decoder layer, and a norm if given, as torch.nn.TransformerDecoder."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _get_clones(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        causal = _causal(
            tgt_mask, tgt_is_causal, tgt.shape[1 if self.layers[0].self_attn.batch_first and tgt.ndim == 3 else 0]
        )
        x = tgt
        for layer in self.layers:
            x = layer(
                x, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder and a decoder, as torch.nn.Transformer: src (s, n, d_model), tgt (t, n, d_model) -> (t, n, d_model).

    Weights start Xavier uniform. Raises RuntimeError where sizes do not fit d_model.
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Any = functional.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None, layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        where = {"device": device, "dtype": dtype}
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **where)
            self.encoder = TransformerEncoder(TransformerEncoderLayer(*sizes, **where), num_encoder_layers, norm)
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **where)
            self.decoder = TransformerDecoder(TransformerDecoderLayer(*sizes, **where), num_decoder_layers, norm)
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        axis = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[axis] != tgt.shape[axis]:
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        made: Tensor = self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip
        return made

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """-inf where a place would look ahead, 0 elsewhere: (sz, sz)."""
        made: Tensor = gradbook.full(
            (sz, sz), float("-inf"), dtype=dtype or gradbook.get_default_dtype(), device=device
        ).triu(1)
        return made

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
