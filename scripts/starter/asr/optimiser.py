"""Muon for the matrices inside the network, AdamW for everything else.

Muon (Jordan et al. 2024) makes a matrix's update orthogonal: all its directions move alike. On a
network this narrow it costs little and needs fewer clips. Embeddings, convolutions, biases and the
phones' head stay with AdamW, as its authors advise.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

CLIP = 1.0
"""Largest norm of the gradient."""
DECAY = 0.02
"""Weight decay of matrices."""
ADAM_RATE = 0.5
"""AdamW's learning rate relative to Muon's."""


class Optimiser:
    """Both optimisers as one."""

    def __init__(self, model: nn.Module, rate: float, warm_up: int) -> None:
        self._warm_up = warm_up
        self._parameters = list(model.parameters())
        inner: list[Tensor] = []
        matrices: list[Tensor] = []
        rest: list[Tensor] = []
        for name, parameter in model.named_parameters():
            if "blocks" in name and parameter.ndim == 2:
                inner.append(parameter)
            else:
                (matrices if parameter.ndim > 1 else rest).append(parameter)
        muon = torch.optim.Muon(
            inner, lr=rate, weight_decay=DECAY, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        )
        groups = [
            {"params": matrices, "weight_decay": DECAY},
            {"params": rest, "weight_decay": 0.0},
        ]
        adam = torch.optim.AdamW(groups, lr=ADAM_RATE * rate, betas=(0.9, 0.98), fused=True)
        self._both = [(muon, rate), (adam, ADAM_RATE * rate)]

    def step(self, loss: Tensor, share: float, step: int) -> None:
        """Learn from ``loss`` at ``share`` of the learning rate, less during the warm-up."""
        share *= min(1.0, (step + 1) / self._warm_up)
        for optimiser, rate in self._both:
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = rate * share
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, CLIP)
        for optimiser, _ in self._both:
            optimiser.step()

    def state(self) -> list[dict[str, Any]]:
        """What a checkpoint needs."""
        return [optimiser.state_dict() for optimiser, _ in self._both]

    def load(self, state: list[dict[str, Any]]) -> None:
        """Go on from a checkpoint."""
        for (optimiser, _), saved in zip(self._both, state, strict=True):
            optimiser.load_state_dict(saved)
