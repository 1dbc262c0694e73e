"""Reads every model through and compares it with what it was when it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from robot_voice import paths
from robot_voice.errors import ModelError

from .lock import Report, damage, read_lock, sha256
from .registry import STARTER
from .store import Store

SUMS = "SHA256SUMS"
"""In the starter's folder: what the program came with, as ``sha256sum --check`` reads it.
Written by ``python -m scripts.starter.sums``."""

Status: TypeAlias = Literal["ok", "damaged", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one model."""

    name: str
    status: Status
    """``unknown``: it was put there by hand, so there is nothing to compare it with."""
    problems: tuple[str, ...] = ()
    mend: str = ""
    """What brings it back, if it is damaged."""


def verify(names: Sequence[str], store: Store, report: Report) -> Iterator[Finding]:
    """Check the models named; without names all of them, the starter first.

    Raises ``ModelError`` for a name there is no model of.
    """
    for name in names or (STARTER, *store.names()):
        if name == STARTER:
            problems = tuple(starter_damage(paths.starter_models(), report))
            yield _finding(name, problems, "install robot-voice anew, or `git checkout` its files")
        else:
            yield _verify_one(name, store, report)


def read_sums(file: Path) -> dict[str, str]:
    """The hashes in a file as ``sha256sum`` writes it, by path. Raises ``ModelError``."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{file}: cannot be read: {error}.") from None
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    if not pairs or any(len(pair) != 2 or len(pair[0]) != 64 for pair in pairs):
        raise ModelError(f"{file}: not a list of SHA-256 hashes.")
    return {path.lstrip("*"): digest for digest, path in pairs}


def starter_damage(folder: Path, report: Report | None = None) -> Iterator[str]:
    """What is wrong with the starter's files, one line each."""
    try:
        sums = read_sums(folder / SUMS)
    except ModelError as error:
        yield str(error)
        return
    for path, digest in sums.items():
        try:
            if sha256(folder / path, report) != digest:
                yield f"{path}: damaged (its SHA-256 is another)"
        except OSError as error:
            yield f"{path}: {error.strerror}"


def _verify_one(name: str, store: Store, report: Report) -> Finding:
    if name not in store.names():
        raise ModelError(f"{name}: there is no such model in {store.root}.")
    folder = store.root / name
    try:
        lock = read_lock(folder)
    except ModelError as error:
        return _finding(name, (str(error),), "")
    if lock is None:
        return Finding(name, "unknown")
    mend = f"robot-voice models pull {name}"
    if lock.source == "import":
        mend = f"robot-voice models remove {name}, and import it again"
    return _finding(name, tuple(damage(folder, lock, report)), mend)


def _finding(name: str, problems: tuple[str, ...], mend: str) -> Finding:
    return Finding(name, "damaged", problems, mend) if problems else Finding(name, "ok")
