"""Fetches models of the manifest from a hub.

First everything is planned, so that the owner sees what it takes, and that there is room, before
a byte is fetched (``plan``); then it is done (``fetch``). Whatever ends a pull, the next one goes
on from there: files that are whole are kept, cut ones are continued.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from robot_voice.errors import ModelError

from .hub import Hub, RemoteFile
from .lock import Lock, LockedFile, Report, damage, read_lock
from .manifest import Entry, Manifest
from .registry import check_model
from .store import Staging, Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What pulling one model takes."""

    name: str
    entry: Entry
    commit: str = ""
    files: Sequence[RemoteFile] = ()
    """None if the model is there already and whole."""

    @property
    def size(self) -> int:
        """Bytes of the whole model."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Pulled:
    name: str
    path: Path
    fetched: bool
    """Whether anything had to be done."""


def plan(name: str, manifest: Manifest, store: Store, hub: Hub, report: Report) -> Plan:
    """Find out what has to be fetched. Reads what is there through, to be sure of it.

    Raises ``ModelError`` if the model is unknown, its place is taken by something else, or the
    hub does not have it.
    """
    entry = manifest.entry(name)
    folder = store.folder(name)
    lock = read_lock(folder)
    if folder.exists() and lock is None:
        raise ModelError(
            f"{folder} is there already, but not from `pull`. Move it away to pull {name}, or "
            "just use it: its name works in the configuration."
        )
    current = lock if lock is not None and _same(lock, entry) else None
    if current is not None and not any(damage(folder, current, report)):
        return Plan(name, entry)
    # A repair fetches the commit that was there before, even if the branch has moved on.
    revision = current.commit if current is not None else entry.revision
    listing = hub.listing(entry.repository, revision)
    return Plan(name, entry, listing.commit, _wanted(entry, listing.files))


def fetch(plan: Plan, store: Store, hub: Hub, report: Report, *, accepted: bool = False) -> Pulled:
    """Fetch what is planned and put it into its place.

    ``accepted`` says that the owner accepted the licence just now. Raises ``ModelError``; then
    nothing in the model's place has changed.
    """
    folder = store.folder(plan.name)
    if not plan.files:
        return Pulled(plan.name, folder, fetched=False)
    with store.staging(plan.name, lambda: hub.say(_WAITING.format(plan.name))) as staging:
        there = read_lock(folder)
        if there is not None and there.commit == plan.commit and not any(damage(folder, there)):
            return Pulled(plan.name, folder, fetched=False)  # another process was faster
        present = {file.path: _present(file, folder, staging) for file in plan.files}
        store.require_space(_missing(plan, staging, present))
        locked = [
            LockedFile(
                path=file.path,
                size=file.size,
                sha256=present[file.path] or _fetch(plan, file, staging, hub, report),
            )
            for file in plan.files
        ]
        lock = Lock(
            name=plan.name,
            kind=plan.entry.kind,
            source="hub",
            repository=plan.entry.repository,
            revision=plan.entry.revision,
            commit=plan.commit,
            licence=plan.entry.licence,
            accepted=accepted,
            files=tuple(locked),
        )
        check_model(plan.entry.kind, staging.model)
        return Pulled(plan.name, store.place(lock, staging), fetched=True)


_WAITING = "{}: another robot-voice is at work on it; waiting until it is done"


def _same(lock: Lock, entry: Entry) -> bool:
    return (lock.repository, lock.revision) == (entry.repository, entry.revision)


def _wanted(entry: Entry, files: Sequence[RemoteFile]) -> list[RemoteFile]:
    found: dict[str, RemoteFile] = {}
    for pattern in entry.files:
        matching = {file.path: file for file in files if fnmatch.fnmatchcase(file.path, pattern)}
        if not matching:
            raise ModelError(
                f"{entry.repository} has no file {pattern} (any more): the manifest of this "
                "version is out of date, or the mirror incomplete."
            )
        found |= matching
    return list(found.values())


def _fetch(plan: Plan, file: RemoteFile, staging: Staging, hub: Hub, report: Report) -> str:
    part = _part(file, staging)
    digest = hub.fetch(plan.entry.repository, plan.commit, file, part, report)
    target = staging.model / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)
    return digest


def _part(file: RemoteFile, staging: Staging) -> Path:
    """Named for its content, so that a part is never continued with something else."""
    return staging.parts / f"{file.lfs.sha256 if file.lfs else file.blob_id}.part"


def _present(file: RemoteFile, folder: Path, staging: Staging) -> str | None:
    """The SHA-256 of a file that need not be fetched: an earlier pull has, or it is whole in the
    place of a model that is damaged or of another revision."""
    old, new = folder / file.path, staging.model / file.path
    if digest := file.is_in(new):
        return digest
    if digest := file.is_in(old):
        new.unlink(missing_ok=True)
        new.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # no hard links here: then it is fetched
            os.link(old, new)
            return digest
    return None


def _missing(plan: Plan, staging: Staging, present: dict[str, str | None]) -> int:
    """Bytes still to come. Parts of something else are deleted, for they take room."""
    parts = {_part(file, staging): file for file in plan.files if present[file.path] is None}
    for stray in set(staging.parts.iterdir()) - parts.keys():
        if stray.is_dir():
            shutil.rmtree(stray)
        else:
            stray.unlink()
    missing = sum(file.size for file in parts.values())
    return max(0, missing - sum(part.stat().st_size for part in parts if part.exists()))
