"""What the robot was asked to remember, on the disk, with what finds it again.

Vectors are kept as bytes in [-127, 127], one row each in an ordinary table: a quarter of the size
of floats, and deleted like any other row (the virtual tables of sqlite-vec keep deleted vectors in
their chunks). Where this Python's ``sqlite3`` loads extensions, sqlite-vec searches them in the
file; elsewhere (python.org's build for macOS, many self-made ones) numpy does, in a copy that is
kept while nobody writes.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from robot_voice import paths
from robot_voice.errors import EngineError

from .file import MemoryFile, Work, erase, is_damage, write_private
from .hashing import Embedder, HashEmbedder
from .recall import CANDIDATES, Found, Kind, Note
from .requests import trimmed
from .search import Search, bytes_of

MAX_NOTES = 10_000
SPARE_NOTES = 100
"""When there are more than ``MAX_NOTES``, the oldest go, and so many others with them: writing the
file anew takes a tenth of a second."""

_DAY = 86_400.0
_FORMAT = 1
_TABLES = (
    # AUTOINCREMENT: a number is never given twice, so what was found stays what it was.
    """CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL,
        kind TEXT NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL)""",
    "CREATE INDEX notes_at ON notes (at)",
    "CREATE TABLE vectors (id INTEGER PRIMARY KEY, embedder TEXT NOT NULL, vector BLOB NOT NULL)",
    "CREATE TABLE about (changes INTEGER NOT NULL, retention_days INTEGER)",
    # A new file must not look like an old copy of it.
    "INSERT INTO about VALUES (random() / 2, NULL)",
)
_NOTE = "id, at, kind, language, text"

T = TypeVar("T")


def memory_path() -> Path:
    """Where the user's memories are."""
    return paths.user_state() / "memory.db"


class MemoryStore:
    """The memories in the file ``path``. Blocks for the disk: not for the event loop.

    Raises ``EngineError`` when the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        embedder: Embedder | None = None,
        *,
        retention_days: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``embedder``: None is the built-in one. ``retention_days``: older memories are removed
        when something is remembered or looked up; the user may ask for less. ``clock`` gives
        seconds since the epoch. Nothing is opened yet."""
        self.path = path
        self._embedder = embedder or HashEmbedder()
        self._retention_days = retention_days
        self._clock = clock
        self._file = MemoryFile(path, _FORMAT, _TABLES)
        self._search = Search(self._embedder.name)

    @property
    def threshold(self) -> float:
        """The cosine below which a memory has nothing to do with the question."""
        return self._embedder.threshold

    def remember(self, text: str, language: str, kind: Kind = "fact") -> int:
        """Keep ``text``; its number. The same text once more only becomes new again.

        Raises ``ValueError`` for a text of nothing but marks.
        """
        text = _plain(trimmed(text))
        if not text:
            raise ValueError("there is nothing to remember in an empty text")
        vector = bytes_of(self._embedder.embed(text))

        def insert(database: sqlite3.Connection) -> int:
            same = database.execute(
                "SELECT id FROM notes WHERE text = ? AND kind = ?", (text, kind)
            ).fetchone()
            number = int(same[0]) if same else None
            row = (number, self._clock(), kind, language, text)
            number = database.execute(
                f"INSERT OR REPLACE INTO notes ({_NOTE}) VALUES (?, ?, ?, ?, ?)", row
            ).lastrowid
            made = (number, self._embedder.name, vector)
            database.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", made)
            _changed(database)
            return number or 0

        number = self._used(insert)
        self.expire()
        return number

    def nearest(self, text: str, count: int = CANDIDATES) -> list[Found]:
        """The memories that are most like ``text``, the nearest first; none for a text without a
        meaningful word. Those of another embedder are not looked at (``reindex``)."""
        if not self.path.exists():  # looking is no reason to begin a file
            return []
        vector = self._embedder.embed(text)
        if not vector.any():
            return []

        def select(database: sqlite3.Connection) -> list[Found]:
            oldest = self._oldest(database)
            query = f"SELECT {_NOTE} FROM notes WHERE id = ? AND at >= ?"
            found = []
            for number, similarity in self._search.nearest(database, vector, count):
                row = database.execute(query, (number, oldest)).fetchone()
                found += [Found(Note(*row), similarity)] if row else []
            return found

        return self._used(select, write=False)

    def notes(self) -> list[Note]:
        """All memories, oldest first."""
        if not self.path.exists():
            return []

        def select(database: sqlite3.Connection) -> list[Note]:
            rows = database.execute(
                f"SELECT {_NOTE} FROM notes WHERE at >= ? ORDER BY at, id",
                (self._oldest(database),),
            )
            return [Note(*row) for row in rows]

        return self._used(select, write=False)

    def forget(self, numbers: Sequence[int]) -> int:
        """Delete the memories of these numbers, for good; how many there were."""
        if not self.path.exists():
            return 0
        return self._delete("id = ?", [(number,) for number in numbers])

    def forget_all(self) -> int:
        """Delete everything, for good, and what a damaged file holds; how many memories there were,
        as far as they could be counted."""
        try:
            if self.path.exists():
                return self._delete("TRUE", [()])
        except EngineError as error:
            if not is_damage(error.__cause__):
                raise
        self._search.clear()
        try:
            erase(self._exported)
            self._file.wipe()
        except OSError as error:
            raise self._failure(error) from error
        return 0

    def retain(self, days: int) -> int:
        """Keep memories for so many days at most, from now on; how many are deleted as too old."""

        def note(database: sqlite3.Connection) -> None:
            database.execute("UPDATE about SET retention_days = ?", (days,))

        self._used(note)
        return self.expire()

    def expire(self) -> int:
        """Delete what is too old, or too much; how many."""
        if not self.path.exists():
            return 0

        def old(database: sqlite3.Connection) -> list[tuple[int]]:
            (count,) = database.execute("SELECT count(*) FROM notes").fetchone()
            surplus = count - MAX_NOTES + SPARE_NOTES if count > MAX_NOTES else 0
            return database.execute(
                "SELECT id FROM notes WHERE at < ? UNION"
                " SELECT id FROM (SELECT id FROM notes ORDER BY at, id LIMIT ?)",
                (self._oldest(database), surplus),
            ).fetchall()

        numbers = self._used(old, write=False)
        return self._delete("id = ?", numbers) if numbers else 0

    def reindex(self, cancelled: Callable[[], bool] = lambda: False) -> int:
        """Give a vector of this embedder to what was remembered with another; to how many. To be
        done at the start, in a thread: a model takes some 10 ms for each."""
        if not self.path.exists():
            return 0
        query = (
            "SELECT id, text FROM notes WHERE id NOT IN (SELECT id FROM vectors WHERE embedder = ?)"
        )
        name = self._embedder.name
        strange = self._used(lambda d: d.execute(query, (name,)).fetchall(), write=False)
        made = []
        for number, text in strange:
            if cancelled():
                break
            made.append((bytes_of(self._embedder.embed(text)), name, number))

        def insert(database: sqlite3.Connection) -> None:
            # Not for what has been forgotten meanwhile.
            database.executemany(
                "INSERT OR REPLACE INTO vectors SELECT id, ?2, ?1 FROM notes WHERE id = ?3", made
            )
            _changed(database)

        if made:
            self._used(insert)
        return len(made)

    def export(self, path: Path | None = None) -> Path:
        """Write all memories to a new file of JSON that only its owner can read; where it is.

        Without ``path`` it stands beside the memories, in the place of the one before, and goes
        with the next thing that is forgotten. Raises ``FileExistsError`` for a ``path`` that
        exists.
        """
        found = {"memories": [asdict(note) for note in self.notes()]}
        text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
        try:
            if path is None:
                erase(self._exported)
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return write_private(path or self._exported, text)
        except FileExistsError:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise EngineError(f"the memory cannot be exported to {path}: {reason}") from error

    @property
    def _exported(self) -> Path:
        return self.path.with_name("memory-export.json")

    # --- the file --------------------------------------------------------------

    def _delete(self, which: str, values: Sequence[tuple[int, ...]]) -> int:
        def delete(database: sqlite3.Connection) -> int:
            rows = sum(
                database.execute(f"DELETE FROM notes WHERE {which}", value).rowcount
                for value in values
            )
            database.execute("DELETE FROM vectors WHERE id NOT IN (SELECT id FROM notes)")
            _changed(database)
            return rows

        rows = self._used(delete)
        self._search.clear()
        try:
            erase(self._exported)
            self._file.scrub()
        except (sqlite3.Error, OSError) as error:
            raise self._failure(error) from error
        return rows

    def _oldest(self, database: sqlite3.Connection) -> float:
        """The time before which nothing may be kept."""
        (asked,) = database.execute("SELECT retention_days FROM about").fetchone()
        days = [day for day in (asked, self._retention_days) if day is not None]
        return self._clock() - min(days) * _DAY if days else 0.0

    def _used(self, work: Work[T], *, write: bool = True) -> T:
        try:
            return self._file.run(work, write=write)
        except (sqlite3.Error, OSError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> EngineError:
        return EngineError(
            f"the memory in {self.path} cannot be used: {error}. If it is damaged,"
            " `robot-voice memory forget-all` removes it"
        )


def _changed(database: sqlite3.Connection) -> None:
    """For those who keep a copy."""
    database.execute("UPDATE about SET changes = changes + 1")


def _plain(text: str) -> str:
    """Without broken code units, which SQLite refuses."""
    return text.encode("utf-8", "replace").decode()
