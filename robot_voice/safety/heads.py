"""Linear heads over hashed n-grams, with weights of eight bits. Pure.

A head is one column of weights and a bias: the logit of a sentence is the sum of the weights of
its buckets, over the square root of their number, times the head's scale, plus its bias. Heads
that need fine detail have a bucket for every hash; the others share the hash's upper bits.

``data/heads.<language>.npz`` is written by ``scripts/safety/train.py``.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from .ngrams import BITS, buckets

LANGUAGES = ("en", "ko")
"""Which have heads. Each needs sentences of its own: what is learnt in one says nothing about
another."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Heads with weight tables of one size."""

    names: tuple[str, ...]
    bits: int
    weights: NDArray[np.int8]
    """[2 ** bits, heads]."""
    scales: NDArray[np.float32]
    biases: NDArray[np.float32]

    def logits(self, found: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = self.weights[found >> (BITS - self.bits)]
        sums = rows.sum(axis=0, dtype=np.int32)
        return np.asarray(sums * self.scales / np.sqrt(len(found)) + self.biases, np.float32)


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads of one language."""

    language: str
    groups: tuple[_Group, ...]

    def logits(self, text: str, kind: str) -> dict[str, float]:
        """The logit of every head for a normalised sentence. ``kind``: "reply" or "user", which
        have different heads; names are without the kind."""
        found = buckets(text, self.language)
        scores: dict[str, float] = {}
        for group in self.groups:
            if not group.names[0].startswith(kind):
                continue
            for name, logit in zip(group.names, group.logits(found).tolist(), strict=True):
                scores[name.partition(".")[2]] = logit
        return scores

    @property
    def size(self) -> int:
        """Bytes of weights in memory."""
        return sum(group.weights.nbytes for group in self.groups)


@cache
def load(language: str) -> Heads | None:
    """The heads of a language; None when it has none."""
    if language not in LANGUAGES:
        return None
    file = resources.files("robot_voice.safety") / "data" / f"heads.{language}.npz"
    if not file.is_file():
        return None
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as data:
        groups = tuple(_group(data, number) for number in range(int(data["groups"])))
    return Heads(language, groups)


def probability(logit: float) -> float:
    """The logistic function."""
    return float(1.0 / (1.0 + np.exp(-logit)))


def _group(data: np.lib.npyio.NpzFile, number: int) -> _Group:
    weights = data[f"weights{number}"]
    return _Group(
        names=tuple(str(name) for name in data[f"names{number}"]),
        bits=int(weights.shape[0]).bit_length() - 1,
        weights=weights,
        scales=data[f"scales{number}"],
        biases=data[f"biases{number}"],
    )
