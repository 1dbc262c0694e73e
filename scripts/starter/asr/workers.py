"""Two processes of one thread each, that keep each other's weights near: elastic averaging.

Zhang, Choromanska and LeCun 2015, "Deep learning with Elastic Averaging SGD". Nobody waits for
anybody, so on a machine that does other work as well it is several times faster than two threads
that meet after every operation.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from .train import Trainer

EVERY, STRENGTH = 4, 0.3
"""Steps between pulls, and how far worker and centre move towards each other."""
MOST = 8
"""Workers."""


class Centre:
    """What the workers share: the weights they are pulled to, and how many clips were heard."""

    def __init__(self, model: nn.Module) -> None:
        self._parameters = list(model.parameters())
        flat = torch.cat([parameter.detach().cpu().flatten() for parameter in self._parameters])
        self.weights = flat.share_memory_()
        self._clips = torch.zeros(MOST, dtype=torch.int64).share_memory_()

    @property
    def clips(self) -> int:
        """Clips heard by all workers together."""
        return int(self._clips.sum())

    def count(self, rank: int, clips: int) -> int:
        """Add to a worker's clips; returns the sum of all."""
        self._clips[rank] += clips
        return self.clips

    def restore(self, weights: Tensor, clips: int) -> None:
        """Go on from a checkpoint."""
        self.weights.copy_(weights)
        self._clips.zero_()
        self._clips[0] = clips

    def pull(self, rank: int, step: int) -> None:
        """Now and then, move this worker's weights and the centre towards each other."""
        if (step + rank * EVERY // 2) % EVERY:
            return
        first = 0
        for parameter in self._parameters:
            last = first + parameter.numel()
            centre = self.weights[first:last].view_as(parameter)
            difference = STRENGTH * (parameter.detach() - centre)
            parameter.data -= difference
            centre += difference
            first = last


def start_workers(trainer: Trainer, workers: int) -> None:
    """Train in this process and ``workers`` - 1 copies of it."""
    children, rank = [], 0
    for number in range(1, workers):
        child = os.fork()
        if child == 0:
            rank = number
            os.setsid()  # Linux shares processor time among sessions first, then inside them
            break
        children.append(child)
    trainer.restore(rank)
    trainer.train()
    if rank:
        os._exit(0)
    for child in children:
        os.waitpid(child, 0)
