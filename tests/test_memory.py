"""What is forgotten is gone, from the disk as well."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_voice.errors import EngineError
from robot_voice.memory import store
from robot_voice.memory.hashing import Vector
from robot_voice.memory.recall import relevant
from robot_voice.memory.store import MemoryStore

DAY = 86_400.0
NOW = 1_800_000_000.0
SISTER = "my sister Wilhelmina collects porcelain"
KOREAN = "할머니는 일요일마다 오셔"
FACTS = ((SISTER, "en"), (KOREAN, "ko"), ("the car stands on level three", "en"))


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


class Toy:
    """An embedder of two numbers: whether a text is about cars."""

    threshold = 0.5

    def __init__(self, name: str = "toy") -> None:
        self.name = name
        self.asked: list[str] = []

    def embed(self, text: str) -> Vector:
        self.asked.append(text)
        return np.array([1.0, 0.0] if "car" in text else [0.0, 1.0], np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "memory.db"


@pytest.fixture
def memory(path: Path) -> MemoryStore:
    return filled_store(path)


def filled_store(path: Path) -> MemoryStore:
    """A store with ``FACTS`` in it."""
    made = MemoryStore(path, clock=Clock())
    for text, language in FACTS:
        made.remember(text, language)
    return made


def words_in(folder: Path, texts: Sequence[str]) -> list[str]:
    """The words of ``texts`` that are in any file, as SQLite would write them."""
    content = b"\0".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    return [
        word
        for text in texts
        for word in text.split()
        if len(word.encode()) > 3
        if any(word.encode(code) in content for code in ("utf-8", "utf-16-le"))
    ]


def texts(memory: MemoryStore) -> list[str]:
    return [note.text for note in memory.notes()]


def nearest(memory: MemoryStore, text: str) -> list[str]:
    """What the model would be shown."""
    found = relevant(memory.nearest(text), memory.threshold, NOW)
    return [note.text for note in found]


# --- forgetting ----------------------------------------------------------------


def test_only_the_owner_can_read_it(memory: MemoryStore, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    memory.notes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_in_wal_mode(memory: MemoryStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_one_is_forgotten(memory: MemoryStore, path: Path) -> None:
    number = memory.notes()[0].id
    assert words_in(path.parent, [SISTER])
    assert memory.forget([number, 999]) == 1
    assert words_in(path.parent, [SISTER]) == []
    assert texts(memory) == [KOREAN, "the car stands on level three"]
    assert nearest(memory, "my sister Wilhelmina") == []


def test_everything_is_forgotten_while_another_program_has_the_file_open(
    memory: MemoryStore, path: Path
) -> None:
    memory.export()
    with closing(sqlite3.connect(path)) as reader:  # keeps the log and its index in place
        assert reader.execute("SELECT count(*) FROM notes").fetchone() == (3,)
        memory.remember("one more about porcelain", "en")
        names = {file.name for file in path.parent.iterdir()}
        assert {"memory.db-wal", "memory.db-shm", "memory-export.json"} <= names
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
        assert len(words_in(path.parent, [SISTER, KOREAN])) == len(f"{SISTER} {KOREAN}".split()) - 1
        assert memory.forget_all() == 4
        assert words_in(path.parent, [text for text, _ in FACTS]) == []
    assert memory.notes() == []
    assert memory.nearest("sister") == []


def test_a_reader_in_the_middle_keeps_the_log_and_that_is_told(
    memory: MemoryStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robot_voice.memory.file.BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM notes").fetchone()
        with pytest.raises(EngineError, match="reading the file"):
            memory.forget_all()
    assert memory.notes() == []
    assert memory.forget_all() == 0
    assert words_in(path.parent, [text for text, _ in FACTS]) == []


def test_what_a_crash_left_in_the_log_goes_with_the_next_use(
    memory: MemoryStore, path: Path
) -> None:
    program = f"""
import os
from robot_voice.memory.store import MemoryStore
from pathlib import Path
memory = MemoryStore(Path({str(path)!r}))
memory.remember("crumbling lighthouse", "en")
def crash(): os._exit(7)
memory._file.scrub = crash
held = __import__("sqlite3").connect({str(path)!r}); held.execute("SELECT 1 FROM notes").fetchone()
memory.forget([note.id for note in memory.notes()])
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7
    assert words_in(path.parent, ["crumbling lighthouse"])  # in the log
    assert MemoryStore(path).expire() == 0
    assert words_in(path.parent, ["crumbling lighthouse", SISTER, KOREAN]) == []


def test_what_is_too_old_is_deleted(path: Path) -> None:
    clock = Clock()
    memory = MemoryStore(path, retention_days=30, clock=clock)
    memory.remember(SISTER, "en")
    clock.now += 29 * DAY
    memory.remember("a newer one", "en")
    assert len(memory.notes()) == 2
    clock.now += 2 * DAY
    assert texts(memory) == ["a newer one"]  # at once, for whoever asks
    assert nearest(memory, "sister Wilhelmina") == []
    assert memory.expire() == 1
    assert words_in(path.parent, [SISTER]) == []


def test_people_may_ask_for_less_but_not_for_more(path: Path) -> None:
    clock = Clock()
    memory = MemoryStore(path, retention_days=30, clock=clock)
    memory.remember(SISTER, "en")
    clock.now += 8 * DAY
    assert memory.retain(365) == 0
    assert len(MemoryStore(path, clock=clock).notes()) == 1
    assert memory.retain(7) == 1
    memory.remember(SISTER, "en")
    memory.retain(365)
    clock.now += 31 * DAY
    assert memory.notes() == []
    assert len(MemoryStore(path, clock=clock).notes()) == 1  # the owner of this one sets no limit


def test_of_too_many_the_oldest_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_NOTES", 5)
    monkeypatch.setattr(store, "SPARE_NOTES", 2)
    clock = Clock()
    memory = MemoryStore(path, Toy(), clock=clock)
    for number in range(6):
        clock.now += 1
        memory.remember(f"note {number}", "en")
    assert texts(memory) == ["note 3", "note 4", "note 5"]


# --- files that are no good ------------------------------------------------------


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (secret TEXT)")
        database.commit()


def garbage(path: Path) -> None:
    path.write_bytes(SISTER.encode() * 500)


def torn(path: Path) -> None:
    MemoryStore(path).remember(SISTER, "en")
    os.truncate(path, path.stat().st_size - 4096)


@pytest.mark.parametrize("spoil", [foreign, garbage, torn])
def test_a_damaged_file_is_told_of_and_can_be_removed(path: Path, spoil: Any) -> None:
    path.parent.mkdir()
    spoil(path)
    memory = MemoryStore(path)
    with pytest.raises(EngineError, match="robot-voice memory forget-all"):
        memory.remember("anything", "en")
    path.with_name("memory-export.json").write_text(SISTER)
    memory.forget_all()
    assert words_in(path.parent, [SISTER]) == []
    memory.remember("anything else", "en")
    assert texts(memory) == ["anything else"]


def test_a_folder_in_its_place(path: Path) -> None:
    path.mkdir(parents=True)
    memory = MemoryStore(path)
    for use in (memory.notes, memory.forget_all, memory.expire, lambda: memory.remember("x", "en")):
        with pytest.raises(EngineError, match="cannot be used"):
            use()
    assert path.is_dir()


def test_exporting(memory: MemoryStore, tmp_path: Path) -> None:
    own = memory.export()
    assert own.parent == memory.path.parent
    assert memory.export() == own  # anew
    target = tmp_path / "mine.json"
    assert memory.export(target) == target
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(own.stat().st_mode) == 0o600
    written = json.loads(target.read_text("utf-8"))["memories"]
    assert [(one["text"], one["language"]) for one in written] == list(FACTS)
    with pytest.raises(FileExistsError):
        memory.export(target)
    with pytest.raises(EngineError, match="cannot be exported"):
        memory.export(tmp_path / "no" / "such.json")
    memory.forget([1])
    assert not own.exists()
    assert target.exists()
