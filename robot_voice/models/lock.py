"""What a model's folder must hold, byte for byte: ``model.lock.json`` in the folder itself.

There is one lock for each model, inside its folder, rather than one for all: so a model and its
lock appear in the same rename, leave together, and travel together on a USB stick, and two
processes that fetch different models have nothing in common.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationError

from robot_voice.errors import ModelError
from robot_voice.section import Section

LOCK = "model.lock.json"

Kind: TypeAlias = Literal["asr", "llm", "tts", "embedding", "turn", "guard"]

Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""A model's name, and its folder's: nothing that a file system or a shell might misread."""

Report: TypeAlias = Callable[[str, int, int], None]
"""Told of progress: what is done, how many bytes of it, of how many."""

_CHUNK = 1 << 20
"""Bytes read at once: more is no faster, and less often interruptible."""


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or not set(parts).isdisjoint({"..", "."}):
        raise ValueError("not a path inside the model's folder")
    return path


RelativePath: TypeAlias = Annotated[str, AfterValidator(_inside)]
"""With ``/`` between its parts; never leads out of the folder it starts from."""


class LockedFile(Section):
    path: RelativePath
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Lock(Section):
    format: Literal[1] = 1
    name: Name
    kind: Kind
    source: Literal["hub", "import"]
    repository: str = ""
    """On the hub."""
    revision: str = ""
    """As asked for: a commit, or a branch or tag."""
    commit: str = ""
    """What the hub answered; a repair fetches this one again."""
    licence: str = ""
    accepted: bool = False
    """Whether the owner accepted the licence when it was asked."""
    files: tuple[LockedFile, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def read_lock(folder: Path) -> Lock | None:
    """The lock of a model's folder; None if it has none. Raises ``ModelError`` if it is damaged."""
    file = folder / LOCK
    try:
        return Lock.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise ModelError(
            f"{file}: damaged ({where}: {problem['msg']}). "
            "Remove the model's folder, and pull or import the model again."
        ) from None


def write_lock(folder: Path, lock: Lock) -> None:
    """Into a folder that is not in its place yet, so nobody sees it half written."""
    (folder / LOCK).write_text(lock.model_dump_json(indent=2) + "\n", "utf-8")


def sha256(file: Path, report: Report | None = None) -> str:
    """Of a file's content, in hex digits. ``report`` is told of each MiB read."""
    return _digest(file, hashlib.sha256(), report)


def git_sha1(file: Path) -> str:
    """The name git gives a file of this content: what a hub knows of files that are not in LFS.

    SHA-1 over ``blob``, the size, NUL and the content (Pro Git, chapter 10.2).
    """
    return _digest(file, hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False))


def damage(folder: Path, lock: Lock, report: Report | None = None) -> Iterator[str]:
    """What is wrong with a model's files, one line each; nothing if all is well."""
    for locked in lock.files:
        file = folder / locked.path
        try:
            size = file.stat().st_size
            if size != locked.size:
                yield f"{locked.path}: {size} bytes instead of {locked.size}"
            elif sha256(file, report) != locked.sha256:
                yield f"{locked.path}: damaged (its SHA-256 is another)"
        except FileNotFoundError:
            yield f"{locked.path}: missing"
        except OSError as error:
            yield f"{locked.path}: cannot be read: {error.strerror}"


def _digest(file: Path, digest: hashlib._Hash, report: Report | None = None) -> str:
    size, done = file.stat().st_size, 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if report is not None:
                report(f"checking {file.name}", done, size)
    return digest.hexdigest()
