"""One SQLite file from which what was deleted is gone.

It has a write-ahead log, so that a turn can read while something is written, and
each transaction opens the file anew: when the last one closes, SQLite folds the log into the file
and removes it, also what a crash had left of it. Deleted content is overwritten with zeros
(``secure_delete``), and ``scrub`` empties the log and writes the file anew. What a disk keeps of a
removed file below the file system is beyond any program's reach; encrypt the disk if that matters.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from robot_voice.database import Damaged

BUSY_SECONDS = 5.0
"""How long to wait for another process that writes, which takes it milliseconds."""

_DAMAGE = frozenset([sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR])
"""What SQLite calls a file that is broken, none of its own, or without our tables."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class MemoryFile:
    """The database ``path``, mode 0600, in a folder that is made with mode 0700. Any thread may
    call. What it does raises ``sqlite3.Error`` or ``OSError`` when the file cannot be used."""

    def __init__(self, path: Path, version: int, tables: Sequence[str]) -> None:
        """``version``: of the format, kept as ``user_version``. ``tables``: the statements that
        begin a new file. Nothing is opened yet."""
        self.path = path
        self._version = version
        self._tables = tables
        self._lock = threading.Lock()

    def run(self, work: Work[T], *, write: bool = True) -> T:
        """``work`` done as one transaction, or not at all."""
        with self._lock, self._opened() as database:
            database.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            result = work(database)
            database.execute("COMMIT")  # without it, closing undoes all
        return result

    def scrub(self) -> None:
        """Leave nothing of what was deleted: neither in the log nor in unused parts of the file."""
        with self._lock, self._opened() as database:
            database.execute("VACUUM")
            busy, _, _ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise sqlite3.OperationalError("another program is reading the file")

    def wipe(self) -> None:
        """Erase the file and what SQLite put beside it: for a damaged one."""
        with self._lock:
            for file in self._files():
                erase(file)

    def _files(self) -> list[Path]:
        return [
            self.path.with_name(self.path.name + end) for end in ("", "-wal", "-shm", "-journal")
        ]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        _make_private(self.path)
        opened = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        with closing(opened) as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("PRAGMA temp_store = MEMORY")  # VACUUM's copy is no file elsewhere
            database.execute("PRAGMA journal_mode = WAL")
            self._begin(database)
            yield database

    def _begin(self, database: sqlite3.Connection) -> None:
        """Make the tables in a new file; refuse one that is not ours."""
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == self._version:
            return
        database.execute("BEGIN IMMEDIATE")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            for table in self._tables:
                database.execute(table)
            database.execute(f"PRAGMA user_version = {self._version}")
        elif version != self._version:
            raise Damaged("it is of another format")
        database.execute("COMMIT")


def _make_private(path: Path) -> None:
    """A file, in a folder, that only its owner can read. SQLite's log takes its mode over."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    elif path.is_file() and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def write_private(path: Path, text: str) -> Path:
    """A new file that only its owner can read: whole, or none. Raises ``OSError``."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def erase(file: Path) -> None:
    """Overwrite ``file`` with zeros, and remove it, if there is one. Raises ``OSError``."""
    if not file.is_file():
        return
    with file.open("r+b") as content:
        content.write(bytes(file.stat().st_size))
        content.flush()
        os.fsync(content.fileno())
    file.unlink()


def is_damage(error: BaseException | None) -> bool:
    """Whether ``error`` says that the file is broken, none of SQLite's, or not ours."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)  # absent from Python's own
    return isinstance(error, Damaged) or code & 0xFF in _DAMAGE
