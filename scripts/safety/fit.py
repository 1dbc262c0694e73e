"""A linear head with naive-Bayes weights, and its eight-bit form.

Each bucket is scaled by how differently the two classes use it before a logistic regression learns
what it is worth (Wang and Manning, "Baselines and Bigrams", 2012, with the absolute log ratio and
an offset, so that no bucket is silenced). The scale is folded into the weight, so the robot sees a
plain linear head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from robot_voice.safety.ngrams import BITS, buckets
from robot_voice.safety.normalise import normalise

OFFSET = 0.3
"""Scale of a bucket that both classes use alike; .1 to 1 make no difference (measured)."""

LARGEST = 127


@dataclass(frozen=True, slots=True)
class Head:
    """Full precision: what a sentence is worth is ``rows @ weights + bias``."""

    weights: NDArray[np.float32]
    bias: float

    def logits(self, rows: sparse.csr_matrix) -> NDArray[np.float32]:
        return np.asarray(rows @ self.weights + self.bias, dtype=np.float32)


def rows(texts: Sequence[str], language: str, bits: int = BITS) -> sparse.csr_matrix:
    """[sentences, 2 ** bits]: each bucket of a sentence has 1 / sqrt(number of its buckets)."""
    found = [_buckets(text, language) for text in texts]
    ends = np.cumsum([0, *map(len, found)])
    values = np.repeat([len(row) ** -0.5 for row in found], np.diff(ends)).astype(np.float32)
    columns = np.concatenate(found) >> (BITS - bits)
    matrix = sparse.csr_matrix((values, columns, ends), shape=(len(found), 1 << bits))
    matrix.sum_duplicates()
    return matrix


@lru_cache(400_000)
def _buckets(text: str, language: str) -> NDArray[np.int32]:
    return buckets(normalise(text).loose, language).astype(np.int32)


def fit(
    matrix: sparse.csr_matrix,
    labels: NDArray[np.bool_],
    weights: NDArray[np.float32] | None = None,
    strength: float = 16.0,
) -> Head:
    """Learn a head. ``weights``: how much each sentence counts; ``strength``: scikit-learn's C."""
    scale = _ratio(matrix, labels) + OFFSET
    scaled = matrix.copy()
    scaled.data = scaled.data * scale[scaled.indices]
    model = LogisticRegression(C=strength, solver="liblinear", dual=True, max_iter=60)
    model.fit(scaled, labels, sample_weight=weights)
    return Head((model.coef_[0] * scale).astype(np.float32), float(model.intercept_[0]))


def quantise(heads: Sequence[Head]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights [buckets, heads] of eight bits, and what one step of each head is worth.

    The largest weight sets the step, though it is sixty times the standard deviation: to cut the
    large ones off costs two points of F1, coarse small ones cost nothing (measured).
    """
    columns, steps = [], []
    for head in heads:
        step = np.abs(head.weights).max() / LARGEST
        columns.append(np.rint(head.weights / step).astype(np.int8))
        steps.append(step)
    return np.stack(columns, axis=1), np.array(steps, dtype=np.float32)


def _ratio(matrix: sparse.csr_matrix, labels: NDArray[np.bool_]) -> NDArray[np.float32]:
    """|log| of how much more one class uses each bucket than the other."""
    counts = []
    for side in (labels, ~labels):
        used = np.bincount(matrix[side].indices, minlength=matrix.shape[1]) + 1.0
        counts.append(used / used.sum())
    return np.abs(np.log(counts[0] / counts[1])).astype(np.float32)
