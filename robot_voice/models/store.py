"""The owner's models folder: how a model gets into it whole or not at all.

    models/whisper-small/        a model in its place, with its lock
    models/.staging/NAME/        one on its way: ``model/`` is renamed into place when all of it
                                 is there and checked; ``parts/`` holds cut downloads
    models/.staging/NAME.lock    held by the one process that works on it
    models/chosen.json           what ``asr.model = "auto"`` and ``llm.model = "auto"`` mean

Staging lies on the models' own file system, so that the rename is one; what is renamed has been
synced to the disk before, so that not even a power cut leaves a model that only looks complete.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from robot_voice import paths
from robot_voice.errors import ModelError

from .lock import LOCK, Kind, Lock, Name, read_lock, write_lock

MARGIN = 200_000_000
"""Bytes left free on the disk: days of logs, and room for the system to breathe."""

CHOSEN = "chosen.json"
_STAGING = ".staging"
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_CHOICE: TypeAdapter[dict[Kind, Name]] = TypeAdapter(dict[Kind, Name])


@dataclass(frozen=True, slots=True)
class Staging:
    """Where a model is put together."""

    model: Path
    parts: Path


class Store:
    """The models in one folder; by default the owner's own, ``paths.user_models()``.

    ``margin`` is how many bytes must stay free. Everything here raises ``ModelError`` when the
    folder cannot be read or written, and nothing but that.
    """

    def __init__(self, root: Path | None = None, margin: int = MARGIN) -> None:
        self.root = root or paths.user_models()
        self._margin = margin

    def folder(self, name: str) -> Path:
        """Where a model of this name is, or would be. Raises ``ModelError`` for a name that no
        model can have."""
        try:
            return self.root / _NAME.validate_python(name)
        except ValidationError:
            raise ModelError(
                f"{name!r} cannot be a model's name: small letters, digits and . _ - only."
            ) from None

    def locks(self) -> dict[str, Lock]:
        """The models that were pulled or imported, by name. One whose lock is damaged is left out;
        ``verify`` tells of it."""
        found = {}
        for name in self.names():
            with suppress(ModelError):
                if (lock := read_lock(self.root / name)) is not None:
                    found[name] = lock
        return found

    def names(self) -> list[str]:
        """Every folder there is, pulled, imported or put there by hand."""
        try:
            entries = sorted(self.root.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise ModelError(f"{self.root}: cannot be read: {error.strerror}.") from None
        return [one.name for one in entries if one.is_dir() and not one.name.startswith(".")]

    def accepted(self) -> set[str]:
        """The licences the owner has accepted."""
        return {lock.licence for lock in self.locks().values() if lock.accepted}

    def require_space(self, size: int) -> None:
        """Raises ``ModelError`` unless ``size`` more bytes fit on the disk, with a margin."""
        there = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        free = shutil.disk_usage(there).free
        if free < size + self._margin:
            raise ModelError(
                f"{self.root}: not enough room: {_mb(size)} MB to fetch and {_mb(self._margin)} MB "
                f"to stay free, but only {_mb(free)} MB are. Free some, remove a model "
                "(`robot-voice models remove`), or set XDG_DATA_HOME to another disk."
            )

    @contextmanager
    def staging(self, name: str, waiting: Callable[[], None]) -> Iterator[Staging]:
        """The staging folder of a model, for this process alone.

        ``waiting`` is called once if another process holds it; then this waits for as long as
        that takes. The system frees it when its holder dies.
        """
        import filelock

        self.folder(name)  # so that nobody stages "../x"
        base = self.root / _STAGING / name
        with _writing(self.root):
            base.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(base.with_name(f"{name}.lock"))
            try:
                lock.acquire(blocking=False)
            except filelock.Timeout:
                waiting()
                lock.acquire()
            except NotImplementedError:
                raise ModelError(
                    f"{self.root}: this file system has no locks (flock); set XDG_DATA_HOME to "
                    "a folder on another."
                ) from None
        try:
            with _writing(self.root):
                staging = Staging(base / "model", base / "parts")
                staging.model.mkdir(parents=True, exist_ok=True)
                staging.parts.mkdir(exist_ok=True)
                yield staging
        finally:
            lock.release()

    def place(self, lock: Lock, staging: Staging) -> Path:
        """Put a complete and checked model into its place, in exchange for what is there, and only
        what the lock names: an earlier attempt may have left something."""
        folder = self.folder(lock.name)
        with _writing(self.root):
            write_lock(staging.model, lock)
            wanted = {staging.model / path for path in (LOCK, *(file.path for file in lock.files))}
            for path in (*staging.model.rglob("*"), staging.model):
                if path.is_dir() or path in wanted:
                    _sync(path)
                else:
                    path.unlink()
            old = staging.parts / "replaced"
            shutil.rmtree(old, ignore_errors=True)
            if folder.exists():
                folder.rename(old)
            staging.model.rename(folder)
            _sync(self.root)
            shutil.rmtree(staging.parts.parent, ignore_errors=True)
        return folder

    def remove(self, name: str) -> int:
        """Delete a model, cut downloads of it too. Returns the bytes freed; raises ``ModelError``
        if there is none."""
        folder = self.folder(name)
        with self.staging(name, lambda: None) as staging:
            leftovers = _size(staging.parts.parent)
            if not folder.is_dir() and not leftovers:
                shutil.rmtree(staging.parts.parent)
                raise ModelError(f"{name}: there is no such model in {self.root}.")
            freed = leftovers + _size(folder)
            if folder.is_dir():
                doomed = staging.parts / "removed"
                shutil.rmtree(doomed, ignore_errors=True)
                folder.rename(doomed)  # gone at once, even if deleting it is cut short
            shutil.rmtree(staging.parts.parent)
        kept = {kind: chosen for kind, chosen in self.chosen().items() if chosen != name}
        if kept != self.chosen():
            self._write_choice(kept)
        return freed

    def chosen(self) -> dict[Kind, str]:
        """The model of each kind that ``auto`` means; kinds without one are left out."""
        file = self.root / CHOSEN
        try:
            return _CHOICE.validate_json(file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise ModelError(f"{file}: cannot be read: {error.strerror}.") from None
        except ValidationError:
            raise ModelError(
                f"{file}: damaged. Delete it, and choose again with "
                "`robot-voice models pull --profile ...`, or name the models in the configuration."
            ) from None

    def choose(self, choice: Mapping[Kind, str]) -> None:
        """Let ``auto`` mean these models; kinds that are not in ``choice`` stay as they are."""
        self._write_choice({**self.chosen(), **choice})

    def _write_choice(self, choice: Mapping[Kind, str]) -> None:
        with _writing(self.root):
            fresh = self.root / f".{CHOSEN}.{os.getpid()}"
            fresh.write_text(json.dumps(choice, indent=2) + "\n", "utf-8")
            _sync(fresh)
            fresh.replace(self.root / CHOSEN)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Turns what the system says of a disk into what an owner can do about it."""
    try:
        yield
    except OSError as error:
        ours = not error.filename or root in (path := Path(error.filename), *path.parents)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            message = (
                f"{root}: the disk is full. What was fetched is kept: free some space, "
                "and the same command goes on where it stopped."
            )
        elif ours and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            message = (
                f"{root}: you may not write here ({error.strerror}). Make it yours (chown), or "
                "set XDG_DATA_HOME to a folder of your own."
            )
        else:
            message = f"{error.filename or root}: {error.strerror or error}."
        raise ModelError(message) from None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f}"
