"""The nearest vectors: by sqlite-vec in the file, or by numpy in a copy of them."""

from __future__ import annotations

import sqlite3
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from .hashing import Vector

SCALE = 127.0
"""What 1 becomes in a byte. Rounding moves the cosine of vectors of 384 numbers by some 0.005."""


def bytes_of(vector: Vector) -> bytes:
    """A vector of unit length as it is kept: one signed byte for each number."""
    made: bytes = np.rint(vector * SCALE).astype(np.int8).tobytes()
    return made


class Search:
    """Among the vectors of the embedder ``name``. Whoever calls holds the file's lock."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._copy: _Copy | None = None

    def nearest(
        self, database: sqlite3.Connection, vector: Vector, count: int
    ) -> list[tuple[int, float]]:
        """Number and cosine of the ``count`` nearest, the nearest first.

        Blocks for the disk. Raises ``sqlite3.Error``.
        """
        if load_extension(database):
            return self._by_extension(database, vector, count)
        return self._by_numpy(database, vector, count)

    def clear(self) -> None:
        """Drop the copy: what was deleted is not to be found in memory either."""
        self._copy = None

    def _by_extension(
        self, database: sqlite3.Connection, vector: Vector, count: int
    ) -> list[tuple[int, float]]:
        # The distance of unit vectors orders them as the cosine does, and takes half the time.
        rows = database.execute(
            "SELECT id, vec_distance_L2(vec_int8(vector), vec_int8(?)) AS distance FROM vectors"
            " WHERE embedder = ? AND length(vector) = ? ORDER BY distance LIMIT ?",
            (bytes_of(vector), self._name, len(vector), count),
        )
        return [(number, 1.0 - (distance / SCALE) ** 2 / 2) for number, distance in rows]

    def _by_numpy(
        self, database: sqlite3.Connection, vector: Vector, count: int
    ) -> list[tuple[int, float]]:
        (changes,) = database.execute("SELECT changes FROM about").fetchone()
        if self._copy is None or self._copy.changes != changes:
            self._copy = _Copy(database, self._name, len(vector), changes)
        return self._copy.nearest(vector, count)


class _Copy:
    """All vectors of one embedder, in memory: 15 MB for 10,000."""

    def __init__(self, database: sqlite3.Connection, name: str, size: int, changes: int) -> None:
        self.changes = changes
        query = "SELECT id, vector FROM vectors WHERE embedder = ? AND length(vector) = ?"
        rows = database.execute(query, (name, size)).fetchall()
        self._numbers = [number for number, _ in rows]
        joined = np.frombuffer(b"".join(vector for _, vector in rows), np.int8)
        self._vectors: NDArray[np.float32] = joined.reshape(len(rows), size).astype(np.float32)
        self._vectors /= SCALE

    def nearest(self, vector: Vector, count: int) -> list[tuple[int, float]]:
        if not self._numbers:
            return []
        cosines = self._vectors @ vector
        count = min(count, len(cosines))
        best = np.argpartition(-cosines, count - 1)[:count]
        ordered = best[np.argsort(-cosines[best])]
        return [(self._numbers[at], float(cosines[at])) for at in ordered]


def load_extension(database: sqlite3.Connection) -> bool:
    """Load sqlite-vec; whether this Python and this platform can."""
    if not hasattr(database, "enable_load_extension"):
        return False
    try:
        extension = import_module("sqlite_vec")
    except ImportError:
        return False
    try:
        database.enable_load_extension(True)
        extension.load(database)
        database.enable_load_extension(False)
    except sqlite3.OperationalError:  # made for another platform
        return False
    return True
