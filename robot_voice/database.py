"""A small SQLite database that only its owner can read, and that outlives what happens to disks.

Each transaction opens the file anew. So nothing goes stale when the owner deletes, moves or repairs
it while the robot runs, and any thread may call. The journal is SQLite's plain one, not the
write-ahead log: what was deleted is gone from the disk's files at once, not at some later
checkpoint. It is for things that are written rarely.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

_log = logging.getLogger(__name__)

_BUSY_SECONDS = 5.0
"""How long to wait for another process that writes, which takes it milliseconds."""

_DAMAGE = frozenset([sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR])
"""What SQLite calls a file that is broken, none of its own, or without our tables."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Damaged(sqlite3.DatabaseError):
    """The file is SQLite's, but not what we write."""


class PrivateDatabase:
    """The file ``path``, mode 0600, in a folder that is made with mode 0700.

    A damaged file is set aside as ``<name>.corrupt`` (over the one before) with a warning, and
    begun anew.
    """

    def __init__(self, path: Path, prepare: Work[None]) -> None:
        """``prepare`` begins every transaction: it makes the tables in a new file, and raises
        ``Damaged`` for one that is not ours. The file itself is opened by ``run`` only."""
        self._path = path
        self._prepare = prepare
        self._lock = threading.Lock()

    def run(self, work: Work[T], *, write: bool = True) -> T:
        """``work`` done as one transaction, or not at all; on a new file if the old one turns out
        to be damaged.

        Blocks for the disk. Raises ``sqlite3.Error`` and ``OSError`` when the file cannot be used.
        """
        with self._lock:
            try:
                return self._attempt(work, write)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                _set_aside(self._path, error)
            return self._attempt(work, write)

    def drop_aside(self, before: float = math.inf) -> None:
        """Remove what was set aside, if it was written last before ``before``, in seconds since
        the epoch. Raises ``OSError``."""
        for file in _with_journal(_aside(self._path)):
            if file.exists() and file.stat().st_mtime < before:
                file.unlink()

    def _attempt(self, work: Work[T], write: bool) -> T:
        _make_private(self._path)
        opened = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        with closing(opened) as database:  # which undoes what is not committed
            database.text_factory = lambda text: text.decode("utf-8", "replace")
            database.execute("PRAGMA secure_delete = ON")  # zeroes instead of what is deleted
            database.execute("PRAGMA synchronous = EXTRA")  # a power cut loses nothing committed
            database.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            self._prepare(database)
            result = work(database)
            database.execute("COMMIT")
        return result


def _make_private(path: Path) -> None:
    """A file, in a folder, that only its owner can read. SQLite's journal takes its mode over."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never opened but here: closing a file drops the locks that a database has on it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    elif path.is_file() and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _set_aside(path: Path, reason: Exception) -> None:
    """Raises ``OSError`` when it cannot be."""
    aside, journal_aside = _with_journal(_aside(path))
    journal_aside.unlink(missing_ok=True)
    _, journal = _with_journal(path)
    if journal.exists():  # first, lest it be played back into the new file
        os.replace(journal, journal_aside)
    os.replace(path, aside)
    _log.warning("%s was damaged (%s); it is now %s", path, reason, aside.name)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.corrupt")


def _with_journal(path: Path) -> tuple[Path, Path]:
    return path, path.with_name(f"{path.name}-journal")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)  # absent from Python's own
    return isinstance(error, Damaged) or code & 0xFF in _DAMAGE
