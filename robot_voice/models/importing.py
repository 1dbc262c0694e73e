"""Takes models from a folder or a USB stick, for robots without internet.

Three things are recognised: a folder with a lock, which is one that ``pull`` made on another
machine (its hashes are checked); a folder as faster-whisper reads it; a GGUF file, or a folder with
one. A folder of such folders, as ``robot-voice models path`` shows it, is all of them.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from robot_voice.errors import ModelError

from .lock import Kind, Lock, LockedFile, Report, damage, read_lock, sha256
from .registry import check_model
from .store import Staging, Store

_CHUNK = 1 << 20
_ASR_FILES = ("model.bin", "config.json", "tokenizer.json")
_WAITING = "{}: another robot-voice is at work on it; waiting until it is done"


@dataclass(frozen=True, slots=True)
class Found:
    """A model that can be imported."""

    name: str
    kind: Kind
    folder: Path
    files: tuple[str, ...]
    """Paths inside ``folder``."""
    lock: Lock | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    name: str
    path: Path
    checked: bool
    """Whether it came with a lock, so that its content is known to be what the hub had."""


def recognise(source: Path, name: str = "") -> list[Found]:
    """The models in a folder, or the one that a file is.

    ``name`` is what to call it, if there is only one. Raises ``ModelError`` if there is none.
    """
    source = source.expanduser().absolute()
    if not source.exists():
        raise ModelError(f"{source}: there is nothing here.")
    try:
        one = _recognise_one(source, name)
        if one is not None:
            return [one]
        inside = sorted(source.iterdir()) if source.is_dir() else []
        found = [one for entry in inside if (one := _recognise_one(entry, "")) is not None]
    except OSError as error:
        raise ModelError(f"{error.filename or source}: cannot be read: {error.strerror}.") from None
    if not found:
        raise ModelError(
            f"{source}: no model is recognised here. Import takes a folder with model.bin, "
            "config.json, tokenizer.json and vocabulary.* (faster-whisper), a .gguf file, or a "
            "folder of these."
        )
    if name and len(found) > 1:
        raise ModelError(f"{source}: holds {len(found)} models, so one --name cannot be for all.")
    return found


def bring_in(found: Found, store: Store, report: Report) -> Imported:
    """Copy a model into the models folder, and check the copy.

    Raises ``ModelError`` if there is one of this name already (other than the very same), there is
    no room, or a file is damaged or does not survive the way.
    """
    target = store.folder(found.name)
    with store.staging(found.name, lambda: report(_WAITING.format(found.name), 0, 1)) as staging:
        if target.exists():
            return _already(found, target, report)
        try:
            lock = _copy_all(found, store, staging, report)
            return Imported(found.name, store.place(lock, staging), checked=found.lock is not None)
        finally:
            # What was placed is gone from here; half a copy is of no use to the next import.
            shutil.rmtree(staging.model, ignore_errors=True)


def _copy_all(found: Found, store: Store, staging: Staging, report: Report) -> Lock:
    store.require_space(sum((found.folder / path).stat().st_size for path in found.files))
    copied = tuple(_copy(found.folder, path, staging, report) for path in found.files)
    lock = found.lock or Lock(name=found.name, kind=found.kind, source="import", files=copied)
    wrong = list(damage(staging.model, lock))
    if wrong:
        raise ModelError(f"{found.folder}: damaged, nothing imported: {'; '.join(wrong)}")
    check_model(found.kind, staging.model)
    return lock.model_copy(update={"name": found.name})


def _already(found: Found, target: Path, report: Report) -> Imported:
    lock = read_lock(target)
    if lock is not None:
        same = {file.path: file.sha256 for file in lock.files}
        here = {path: sha256(found.folder / path, report) for path in found.files}
        if same == here and not any(damage(target, lock)):
            return Imported(found.name, target, checked=found.lock is not None)
    raise ModelError(
        f"{target}: there is a model of this name already. Import this one as another "
        f"(--name), or remove that one first: `robot-voice models remove {found.name}`."
    )


def _recognise_one(source: Path, name: str) -> Found | None:
    if source.is_file():
        if source.suffix.lower() != ".gguf":
            return None
        parts = _parts(source)
        return Found(name or _name(_stem(source)), "llm", source.parent, parts)
    if not source.is_dir() or source.name.startswith("."):
        return None
    if (lock := read_lock(source)) is not None:
        files = tuple(file.path for file in lock.files)
        return Found(name or lock.name, lock.kind, source, files, lock)
    called = name or _name(source.name)
    if all((source / file).is_file() for file in _ASR_FILES):
        vocabulary = [file.name for file in sorted(source.glob("vocabulary.*"))]
        extra = [one for one in ("preprocessor_config.json",) if (source / one).is_file()]
        return Found(called, "asr", source, (*_ASR_FILES, *vocabulary, *extra))
    ggufs = [file for file in sorted(source.glob("*.gguf")) if _parts(file)[0] == file.name]
    if len(ggufs) == 1:
        return Found(called, "llm", source, _parts(ggufs[0]))
    return None


def _parts(file: Path) -> tuple[str, ...]:
    """All files of a GGUF, which may be in several (``x-00001-of-00003.gguf``)."""
    match = re.fullmatch(r"(.*)-\d{5}-of-(\d{5})\.gguf", file.name)
    if match is None:
        return (file.name,)
    total = int(match[2])
    return tuple(f"{match[1]}-{part:05}-of-{match[2]}.gguf" for part in range(1, total + 1))


def _stem(file: Path) -> str:
    return re.sub(r"-\d{5}-of-\d{5}$", "", file.stem)


def _name(text: str) -> str:
    """A model's name made of a file's: small letters, and no spaces."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:64]
    if not name:
        raise ModelError(f"{text}: no name can be made of this; give one with --name.")
    return name


def _copy(folder: Path, path: str, staging: Staging, report: Report) -> LockedFile:
    """Copy one file, hashing what is read; the caller reads the copy again."""
    source, target = folder / path, staging.model / path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size, done = hashlib.sha256(), source.stat().st_size, 0
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
            done += len(chunk)
            report(path, done, size)
    return LockedFile(path=path, size=done, sha256=digest.hexdigest())
