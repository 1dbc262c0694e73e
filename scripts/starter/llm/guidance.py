"""Two attention heads are shown where to look, so that the model learns to copy in minutes.

Repeating a name takes two heads that find each other: one that looks at the previous token, and in
a later layer one that looks for the place where what it has just said was followed by something,
and repeats that ("induction heads", Olsson et al., 2022). Found by chance they take millions of
tokens. So those heads get a loss of their own: minus the logarithm of the attention at the right
place ("supervised attention", Mi et al., 2016). Architecture and exported file are as before.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .model import Llama

BEFORE = (0, 0)
"""Layer and head that look at the token before."""
COPY = (2, 0)
"""Layer and head that look at what is to be said next."""
STRENGTH = 0.3
RARE = 5e-4
"""A token that is rarer among the replies is copied even where the one before it differs: the first
piece of a name, say."""
_LEAST = 1e-4


def rare_tokens(counts: Tensor) -> Tensor:
    """Which tokens of the vocabulary are rare; ``counts``: how often each is to be learnt (V,)."""
    return counts < RARE * counts.sum()


def loss(model: Llama, tokens: Tensor, learn: Tensor, rare: Tensor) -> Tensor:
    """Of the last pass over ``tokens[:, :-1]``; ``tokens``, ``learn``: (B, T)."""
    before = _weights(model, BEFORE).diagonal(-1, 1, 2)
    sources = places(tokens, learn, rare)
    found = sources >= 0
    looked = _weights(model, COPY).gather(-1, sources.clamp(min=0)[..., None])[..., 0]
    copied = -torch.log(looked[found] + _LEAST).sum() / found.sum().clamp(min=1)
    return STRENGTH * (copied - torch.log(before + _LEAST).mean())


def places(tokens: Tensor, learn: Tensor, rare: Tensor) -> Tensor:
    """Where each token to be said next was said last: (B, T - 1); -1: nowhere, or not to learn.

    A place where also the token before is the same comes first.
    """
    said, wanted = tokens[:, :-1], tokens[:, 1:]
    length = said.shape[1]
    earlier = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
    same = (said[:, None, :] == wanted[:, :, None]) & earlier & learn[:, 1:, None]
    previous = torch.cat([torch.full_like(said[:, :1], -1), said[:, :-1]], 1)
    alike = same & (previous[:, None, :] == said[:, :, None])
    lonely = same & rare[wanted][:, :, None]
    order = torch.arange(1, length + 1, device=tokens.device)
    rank = torch.where(alike, order + length, 0) + torch.where(lonely, order, 0)
    return rank.argmax(-1).where((alike | lonely).any(-1), -1)


def _weights(model: Llama, place: tuple[int, int]) -> Tensor:
    layer, head = place
    weights: Tensor = model.blocks[layer].attention.weights[:, head]
    return weights
