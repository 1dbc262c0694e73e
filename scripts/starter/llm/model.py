"""A Llama, written to be read: the architecture of Llama 2 and 3, in one file.

Sources: RMSNorm (Zhang and Sennrich, 2019), rotary positions (Su et al., 2021), SwiGLU (Shazeer,
2020), grouped-query attention (Ainslie et al., 2023), all of them together in Llama 2 (Touvron et
al., 2023). Input and output share one embedding (Press and Wolf, 2017), as in Llama 3.2 1B: at this
size it is a third of the weights.

Shapes: B conversations, T tokens, D width, H heads, G groups of keys and values, C = D / H.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """How large the model is. The default: 3.7 M parameters."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    heads: int = 4
    groups: int = 2
    """Keys and values: each group serves ``heads / groups`` heads of queries."""
    hidden: int = 512
    context: int = 768
    """The longest conversation, in tokens."""
    rope_base: float = 10_000.0
    epsilon: float = 1e-5


class RMSNorm(nn.Module):  # type: ignore[misc]
    """Makes every vector's root mean square 1, then scales each channel."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


def rotations(shape: Shape) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angle by which each pair of channels turns at each position: (T, C/2).

    The first pairs turn fast, the last slowly: together they tell any distance.
    """
    size = shape.width // shape.heads
    speed = shape.rope_base ** -(torch.arange(0, size, 2).float() / size)
    angle = torch.arange(shape.context).float()[:, None] * speed
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn neighbouring channels of ``x`` (B, H, T, C) by their position's angle.

    A query and a key turned so have a product that depends on their distance alone.
    """
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Attention(nn.Module):  # type: ignore[misc]
    """Every token asks all tokens before it, and takes a mixture of what they offer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        size = shape.width // shape.heads
        self.q = nn.Linear(shape.width, shape.heads * size, bias=False)
        self.k = nn.Linear(shape.width, shape.groups * size, bias=False)
        self.v = nn.Linear(shape.width, shape.groups * size, bias=False)
        self.o = nn.Linear(shape.heads * size, shape.width, bias=False)
        self.weights: Tensor | None = None
        """Who looked at whom in the last pass: (B, H, T, T), rows sum to 1. See guidance.py."""

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (
            project(x).view(batch, length, -1, 2 * cos.shape[-1]).transpose(1, 2)
            for project in (self.q, self.k, self.v)
        )
        cos, sin = cos.to(v.dtype), sin.to(v.dtype)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        repeats = self.shape.heads // self.shape.groups
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        scores = (q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
        self.weights = torch.softmax(scores + mask, -1)
        return self.o((self.weights.to(v.dtype) @ v).transpose(1, 2).reshape(batch, length, -1))


class FeedForward(nn.Module):  # type: ignore[misc]
    """SwiGLU: one projection decides how much of the other passes."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):  # type: ignore[misc]
    """Attention, then the feed-forward network, each adding to what came in."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(shape.width, shape.epsilon)
        self.attention = Attention(shape)
        self.feed_forward_norm = RMSNorm(shape.width, shape.epsilon)
        self.feed_forward = FeedForward(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin, mask)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Llama(nn.Module):  # type: ignore[misc]
    """Token ids (B, T) to hidden states (B, T, D); ``logits`` makes them scores of the next."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.width, shape.epsilon)
        cos, sin = rotations(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        cos, sin = self.get_buffer("cos")[:length], self.get_buffer("sin")[:length]
        # Minus infinity above the diagonal: nobody sees the tokens to come.
        mask = torch.full((length, length), float("-inf"), device=tokens.device).triu(1)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embedding.weight)

    def _initialise(self) -> None:
        """GPT-2's: small, and smaller where residual branches end, so their sum stays small."""
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                ends = name.endswith(("o.weight", "down.weight"))
                nn.init.normal_(weight, 0, 0.02 / ((2 * self.shape.layers) ** 0.5 if ends else 1))
