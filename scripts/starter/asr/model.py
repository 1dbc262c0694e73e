"""Whisper, written plainly: the network of Radford et al. 2022, "Robust Speech Recognition via
Large-Scale Weak Supervision", with the parameter names of OpenAI's code.

    log-mel (80 x T) -> two convolutions, the second halves the rate -> + positions -> encoder
    tokens so far    -> embedding + positions -> decoder, which looks at the encoder's output
                     -> scores of the next token

Everything the model knows about the task is in the tokens: the decoder begins with
<|startoftranscript|>, the language, <|transcribe|> or <|translate|>, and then writes text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BANDS = 80


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the network is. ``frames``: after halving, 1500 = 30 s (the library pads to it)."""

    vocabulary: int
    width: int = 192
    heads: int = 3
    encoder_blocks: int = 4
    decoder_blocks: int = 3
    frames: int = 1500
    tokens: int = 448


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017). Keys have no bias: softmax would cancel it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor | None = None, *, causal: bool = False) -> Tensor:
        """Each of ``x`` (batch, n, width) gathers from ``memory`` (batch, m, width), or from x."""
        source = x if memory is None else memory
        query, key, value = self.query(x), self.key(source), self.value(source)
        query, key, value = self._split(query), self._split(key), self._split(value)
        # Written out: for sequences this short it is faster on a CPU than the fused function.
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        if causal:
            length = x.shape[1]
            later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        gathered = scores.softmax(-1).to(value.dtype) @ value
        joined: Tensor = self.out(gathered.transpose(1, 2).flatten(2))
        return joined

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """Attention, in the decoder also to the encoder, then a two-layer network; all residual."""

    def __init__(self, shape: Shape, *, cross: bool) -> None:
        super().__init__()
        width = shape.width
        self.attn = Attention(width, shape.heads)
        self.attn_ln = nn.LayerNorm(width)
        self.cross_attn = Attention(width, shape.heads) if cross else None
        self.cross_attn_ln = nn.LayerNorm(width) if cross else None
        wide = 4 * width
        self.mlp = nn.Sequential(nn.Linear(width, wide), nn.GELU(), nn.Linear(wide, width))
        self.mlp_ln = nn.LayerNorm(width)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        """``x`` (batch, n, width); with ``memory`` no position sees a later one."""
        causal = memory is not None
        x = x + self.attn(self.attn_ln(x), causal=causal)
        if self.cross_attn is not None and self.cross_attn_ln is not None:
            x = x + self.cross_attn(self.cross_attn_ln(x), memory)
        result: Tensor = x + self.mlp(self.mlp_ln(x))
        return result


class Encoder(nn.Module):
    """Log-mel features to one vector each 20 ms."""

    positional_embedding: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(BANDS, shape.width, 3, padding=1)
        self.conv2 = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
        with torch.no_grad():  # at first, what is heard must not drown in where it is heard
            self.conv1.weight.mul_(2)
            self.conv2.weight.mul_(3)
        positions = 0.15 * sinusoids(shape.frames, shape.width)
        self.register_buffer("positional_embedding", positions)
        self.blocks = nn.ModuleList(Block(shape, cross=False) for _ in range(shape.encoder_blocks))
        self.ln_post = nn.LayerNorm(shape.width)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, 80, T) -> (batch, T / 2, width)."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(features)))).transpose(1, 2)
        x = x + self.positional_embedding[: x.shape[1]].to(x.dtype)
        for block in self.blocks:
            x = block(x)
        result: Tensor = self.ln_post(x)
        return result


class Decoder(nn.Module):
    """Tokens so far and what was heard to the scores of the next token."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.positional_embedding = nn.Parameter(0.02 * torch.randn(shape.tokens, shape.width))
        self.blocks = nn.ModuleList(Block(shape, cross=True) for _ in range(shape.decoder_blocks))
        self.ln = nn.LayerNorm(shape.width)
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def forward(self, tokens: Tensor, heard: Tensor) -> Tensor:
        """(batch, n), (batch, m, width) -> (batch, n, vocabulary)."""
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, heard)
        return F.linear(self.ln(x), self.token_embedding.weight)


class Whisper(nn.Module):
    """Encoder and decoder, and a head that names the phone of each frame.

    The head is only for training: it is what first teaches the encoder to listen.
    """

    def __init__(self, shape: Shape, phones: int) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.phones = nn.Linear(shape.width, phones)


def sinusoids(length: int, width: int) -> Tensor:
    """Positions as sines and cosines of rising wavelength, shape (length, width)."""
    step = math.log(10_000) / (width // 2 - 1)
    angles = torch.arange(length)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)
