"""What hurt somebody: filed on this machine, for its owner to read, and never said again.

One SQLite file, which only its owner can read. Without consent (``keep_text``) no word of the
talk is in it: of the sentence that hurt there is a hash (BLAKE2b, RFC 7693) under a salt of this
installation's own. That keeps the sentence from being read, not from being guessed by someone who
has the file.

A disk that is full or gone costs the report and a warning, never the robot.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from robot_voice import paths
from robot_voice.errors import EngineError
from robot_voice.safety.suppress import form

from .database import Damaged, PrivateDatabase, Work

_log = logging.getLogger(__name__)

_FORMAT = 1
"""The file's ``user_version``; a file of another format is not guessed at."""

_TABLES = (
    "CREATE TABLE installation (salt BLOB NOT NULL, retention_days INTEGER NOT NULL)",
    # AUTOINCREMENT: a number is never given twice, so it may be noted down.
    """CREATE TABLE reports (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, language TEXT NOT NULL,
        category TEXT NOT NULL, scores TEXT NOT NULL, hash BLOB NOT NULL,
        said TEXT, user TEXT, resolved TEXT, note TEXT NOT NULL DEFAULT '')""",
    # Of its own, because it outlives the report.
    "CREATE TABLE suppressed (report INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
)

_RETENTION_DAYS = 30
_DAY = 86_400
_COLUMNS = "id, at, language, category, scores, hash, said, user, resolved, note"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Report:
    """The robot hurt somebody, who said so."""

    at: float
    """When, in seconds since the epoch."""
    language: str
    """ISO 639-1 code."""
    said: str
    """The robot's sentence that hurt."""
    user: str
    """The words of the complaint."""
    category: str = ""
    """What the screen had found in the sentence; empty: nothing."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """How hurtful the screen had found it, by name of the score."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A report as it is kept."""

    id: int
    at: str
    """UTC, ISO 8601."""
    language: str
    category: str
    scores: Mapping[str, float]
    hash: str
    """Of the sentence's form, in hexadecimal."""
    said: str | None
    """None: there was no consent to keep it. So with ``user``."""
    user: str | None
    resolved: str | None
    """When the owner resolved it (UTC, ISO 8601); None: open."""
    note: str
    """What the owner wrote about it."""


def reports_path() -> Path:
    """Where the user's reports are."""
    return paths.user_state() / "reports.db"


class ReportStore:
    """The reports in the file ``path``.

    What the robot calls (``file``, ``suppressed``, ``digest``) never raises on account of the
    disk. What its owner calls raises ``EngineError`` when the file cannot be used. For both, a
    damaged file is set aside with a warning (``PrivateDatabase``).
    """

    def __init__(
        self,
        path: Path,
        *,
        keep_text: bool = False,
        retention_days: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``retention_days``: older reports are removed, now and whenever one is filed; None: as
        long as the robot that used the file last wanted. ``keep_text`` is about what is filed from
        now on. ``clock`` gives seconds since the epoch."""
        self._path = path
        self._keep_text = keep_text
        self._retention_days = retention_days
        self._clock = clock
        self._salt = os.urandom(hashlib.blake2b.SALT_SIZE)  # the file's own, once it has been read
        self._known: frozenset[bytes] = frozenset()
        self._unsaved: frozenset[str] = frozenset()  # forms that the disk did not take
        self._told = False
        self._database = PrivateDatabase(path, self._prepare)
        if path.exists():  # else there is nothing yet, and perhaps never will be
            self._quietly(self._open)

    def file(self, report: Report) -> int | None:
        """Keep ``report`` and suppress its sentence; its number, or None if the disk did not take
        it. The sentence is then suppressed until the process ends. Blocks for the disk."""
        same = form(report.said)
        texts = (_plain(report.said), _plain(report.user)) if self._keep_text else (None, None)
        scores = {name: float(s) for name, s in report.scores.items() if math.isfinite(s)}
        about = (_iso(report.at), report.language, report.category, json.dumps(scores))

        def insert(database: sqlite3.Connection) -> int:
            self._expire(database)
            digest = self.digest(same)
            number = database.execute(
                "INSERT INTO reports (at, language, category, scores, hash, said, user)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*about, digest, *texts),
            ).lastrowid
            if same:  # else every sentence without a letter would be the same
                database.execute("INSERT INTO suppressed VALUES (?, ?)", (number, digest))
            return number or 0

        number = self._quietly(insert)
        if number is None and same:
            self._unsaved |= {same}
        return number

    def digest(self, same: str) -> bytes:
        """The salted hash, 32 bytes, of a sentence's form (``safety.suppress.form``)."""
        text = same.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=32, salt=self._salt).digest()

    def suppressed(self) -> frozenset[bytes]:
        """The digest of every sentence ever reported, unless the report was deleted. When the file
        cannot be read, as it was when it could."""

        def select(database: sqlite3.Connection) -> frozenset[bytes]:
            return frozenset(row[0] for row in database.execute("SELECT hash FROM suppressed"))

        found = self._quietly(select, write=False) if self._path.exists() else None
        self._known = self._known if found is None else found
        return self._known | {self.digest(same) for same in self._unsaved}

    def reports(self, *, resolved: bool = False) -> Sequence[Filed]:
        """The open reports, oldest first; with ``resolved`` those as well."""
        chosen = "" if resolved else "WHERE resolved IS NULL"
        return self._select(f"{chosen} ORDER BY id")

    def get(self, number: int) -> Filed | None:
        """One report; None if there is none of this number."""
        return next(iter(self._select("WHERE id = ?", number)), None)

    def resolve(self, number: int, note: str = "") -> bool:
        """Mark a report as dealt with; whether there is one. Its sentence stays suppressed."""
        change = "UPDATE reports SET resolved = ?, note = ? WHERE id = ?"
        values = (_iso(self._clock()), _plain(note), number)
        return self._loudly(lambda database: database.execute(change, values).rowcount > 0)

    def delete(self, number: int) -> bool:
        """Forget a report and let its sentence be said again, unless another report is about the
        same; whether there was one. It may have been removed for its age before."""

        def forget(database: sqlite3.Connection) -> bool:
            rows = database.execute("DELETE FROM reports WHERE id = ?", (number,)).rowcount
            rows += database.execute("DELETE FROM suppressed WHERE report = ?", (number,)).rowcount
            return rows > 0

        return self._loudly(forget)

    def delete_all(self) -> int:
        """Forget all reports, also what a damaged file had left, and suppress nothing any more; how
        many there were, with those whose age had left only the suppression."""

        def forget(database: sqlite3.Connection) -> int:
            both = "SELECT id FROM reports UNION SELECT report FROM suppressed"
            (number,) = database.execute(f"SELECT count(*) FROM ({both})").fetchone()
            database.execute("DELETE FROM reports")
            database.execute("DELETE FROM suppressed")
            self._database.drop_aside()
            return int(number)

        number = self._loudly(forget)
        self._unsaved = frozenset()
        return number

    def forget_texts(self) -> None:
        """Delete the words of all reports, for good, and what a damaged file had left. What hurt
        stays suppressed, by its hash, and the owner's notes stay."""

        def forget(database: sqlite3.Connection) -> None:
            database.execute("UPDATE reports SET said = NULL, user = NULL")
            self._database.drop_aside()
            # The file is written anew, lest a copy of a row be left in an unused part of it.
            for each in ("COMMIT", "PRAGMA temp_store = MEMORY", "VACUUM", "BEGIN"):
                database.execute(each)

        if any(self._path.parent.glob(f"{self._path.name}*")):  # else there is nothing to forget
            self._loudly(forget)

    # --- the file --------------------------------------------------------------

    def _open(self, database: sqlite3.Connection) -> None:
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise Damaged("it does not hold together")
        if self._retention_days is not None:
            database.execute("UPDATE installation SET retention_days = ?", (self._retention_days,))
        self._expire(database)

    def _expire(self, database: sqlite3.Connection) -> None:
        (days,) = database.execute("SELECT retention_days FROM installation").fetchone()
        oldest = max(0.0, self._clock() - days * _DAY)
        database.execute("DELETE FROM reports WHERE at < ?", (_iso(oldest),))
        self._database.drop_aside(oldest)

    def _select(self, which: str, *values: int) -> Sequence[Filed]:
        query = f"SELECT {_COLUMNS} FROM reports {which}"
        return self._loudly(
            lambda database: [_filed(row) for row in database.execute(query, values)], write=False
        )

    def _quietly(self, work: Work[T], *, write: bool = True) -> T | None:
        """What ``work`` gives; None, and a warning at the first time, when the disk fails it."""
        try:
            result = self._database.run(work, write=write)
        except (sqlite3.Error, OSError) as error:
            if not self._told:
                _log.warning("reports cannot be kept in %s: %s", self._path, error)
            self._told = True
            return None
        if write:  # that it can be read does not mean that the trouble is over
            self._told = False
        return result

    def _loudly(self, work: Work[T], *, write: bool = True) -> T:
        try:
            return self._database.run(work, write=write)
        except (sqlite3.Error, OSError) as error:
            raise EngineError(f"the reports in {self._path} cannot be used: {error}") from error

    def _prepare(self, database: sqlite3.Connection) -> None:
        """Make the tables if there are none; learn the salt."""
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            for table in _TABLES:
                database.execute(table)
            days = _RETENTION_DAYS if self._retention_days is None else self._retention_days
            database.execute("INSERT INTO installation VALUES (?, ?)", (self._salt, days))
            database.execute(f"PRAGMA user_version = {_FORMAT}")
        elif version != _FORMAT:
            raise Damaged("it is of another format")
        match database.execute("SELECT salt, retention_days FROM installation").fetchone():
            case (bytes(salt), int()) if len(salt) == hashlib.blake2b.SALT_SIZE:
                self._salt = salt
            case _:
                raise Damaged("it has no salt")


def _filed(row: Sequence[Any]) -> Filed:
    number, at, language, category, scores, digest, *rest = row
    try:
        return Filed(number, at, language, category, json.loads(scores), digest.hex(), *rest)
    except ValueError as error:
        raise Damaged("its scores cannot be read") from error


def _iso(at: float) -> str:
    """UTC to the second. Such texts are in the order of their times."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _plain(text: str) -> str:
    """Without broken code units, which SQLite refuses."""
    return text.encode("utf-8", "replace").decode()
