"""Low-rank adaptation (Hu et al., "LoRA", 2021): a frozen matrix W, and a trained part of low rank.

    y = W x + alpha / rank * B A x        A: (rank, columns of W), B: (rows of W, rank)

B begins as zeros, so training begins with the model as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Adapted(nn.Module):  # type: ignore[misc]
    """A linear layer with an adapter beside it. Only the adapter learns."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(rank, base.in_features) * base.in_features**-0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))
        self.strength = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.strength * F.linear(F.linear(x, self.a), self.b)


def adapt(model: nn.Module, rank: int, alpha: float, seed: int) -> None:
    """Give each of the model's linear layers an adapter, in place, and freeze all the rest."""
    torch.manual_seed(seed)
    for weight in model.parameters():
        weight.requires_grad_(False)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Adapted(child, rank, alpha))


def adapters(model: nn.Module) -> Iterator[tuple[str, Adapted]]:
    """Each adapted layer by the name that its matrix has in the model without adapters."""
    for name, module in model.named_modules():
        if isinstance(module, Adapted):
            yield f"{name}.weight", module
