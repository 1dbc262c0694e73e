"""Finds the models a configuration names. Only looks: nothing is downloaded here.

A name is looked for, in this order, (1) as a path, absolute, with ``~``, or relative to the
configuration's folder, (2) in ``models/``, (3) in the user's own models folder. ``starter`` always
means the models that come with the program. ``auto``, which a configuration that says nothing
means, is the model the owner chose with ``robot-voice models pull --profile`` (or ``--use``), else
the starter: so that a pull is all it takes, and no configuration has to be edited by a program.

A model for hearing is a folder in CTranslate2's format, as faster-whisper reads it; a model for
talking is a GGUF file, or a folder with one in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from robot_voice import paths
from robot_voice.errors import ModelError
from robot_voice.mistakes import did_you_mean

from .lock import Kind, read_lock
from .store import Store

ModelKind: TypeAlias = Literal["asr", "llm"]

STARTER = "starter"
AUTO = "auto"

_ASR_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*")
"""What faster-whisper needs to load a folder without asking a model hub for the rest."""

_GGUF_MAGIC = b"GGUF"
_LFS_MAGIC = b"version https://git-lfs"
_HASH_DIGITS = 12
"""Of SHA-256: enough that no two models anyone has are mixed up (48 bits)."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that is there and looks whole."""

    kind: ModelKind
    name: str
    """As the configuration has it; what ``auto`` stands for."""
    path: Path
    """What the engine is given: a folder for ``asr``, a file for ``llm``."""
    is_starter: bool
    """Whether it is the small one that comes with the program."""

    @property
    def weights(self) -> Path:
        """The main weight file; of a GGUF in parts, the first."""
        return self.path / "model.bin" if self.kind == "asr" else self.path

    @property
    def size(self) -> int:
        """Bytes of weights, all parts together."""
        return sum(part.stat().st_size for part in _parts(self.weights))


def find_model(kind: ModelKind, name: str, config_dir: Path | None) -> FoundModel:
    """The model that ``asr.model`` or ``llm.model`` names.

    ``config_dir`` is the folder of the configuration file, which relative paths start from (None:
    the current folder). Raises ``ModelError`` if there is none, naming every place looked at, or
    if the first one found is damaged or of the wrong kind.
    """
    if name == AUTO:
        name, places = _chosen(kind)
    else:
        places = list(_places(kind, name, config_dir)) if name else []
    for place in places:
        path = _as_model(kind, place)
        if path is not None:
            _check(kind, path)
            return FoundModel(kind, name, path, is_starter=_is_starter(path))
    looked = "\n".join(f"    {place}" for place in places) or "    nowhere: the name is empty"
    raise ModelError(
        f"{kind}.model = {name!r}: not found.{did_you_mean(name, available(kind))} "
        f"Looked for {_DESCRIPTION[kind]} at\n{looked}\n"
        f"Models at hand: {', '.join(available(kind)) or 'none'}."
    )


def check_model(kind: Kind, folder: Path) -> None:
    """Raises ``ModelError`` unless a folder holds what the engine for this kind can load, as far
    as the files' heads tell. Of kinds without an engine nothing is known."""
    if kind in ("asr", "llm"):
        path = _as_model(kind, folder)
        if path is None:
            raise ModelError(f"{folder}: holds no {_DESCRIPTION[kind]}.")
        _check(kind, path)


def available(kind: ModelKind) -> list[str]:
    """The names ``find_model`` would find without a path."""
    names = {STARTER} if next(_places(kind, STARTER, None)).exists() else set()
    for folder in (paths.models(), paths.user_models()):
        inside = folder.iterdir() if folder.is_dir() else ()
        names |= {_name(entry) for entry in inside if _may_be(entry) and _is(kind, entry)}
    return sorted(names)


def model_hash(path: Path) -> str:
    """The first 12 hex digits of the SHA-256 of a model's main weight file.

    ``path`` is a model folder or a weight file. Computed once for each state of the file (by its
    time and size). Raises ``ModelError`` if it cannot be read.
    """
    file = path / "model.bin" if path.is_dir() else path
    try:
        state = file.stat()
        return _sha256(file, state.st_mtime_ns, state.st_size)[:_HASH_DIGITS]
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from None


_DESCRIPTION = {
    "asr": "a folder with model.bin (CTranslate2, as faster-whisper reads it)",
    "llm": "a .gguf file",
}


def _places(kind: ModelKind, name: str, config_dir: Path | None) -> Iterator[Path]:
    """Where a name may mean something, the first that exists being meant."""
    if name == STARTER:
        yield paths.starter_models() / kind
        return
    wanted = Path(name).expanduser()
    folders = [config_dir or Path.cwd(), paths.models(), paths.user_models()]
    for folder in folders[:1] if wanted.is_absolute() else folders:
        place = folder / wanted  # an absolute name leaves the folder out
        yield place
        if kind == "llm" and place.name and place.suffix != ".gguf":
            yield place.with_name(place.name + ".gguf")


def _as_model(kind: ModelKind, place: Path) -> Path | None:
    """What the engine would load from here, if there is anything like a model at all."""
    try:
        if place.is_file():
            return place
        if kind == "asr":
            return place if any(any(place.glob(name)) for name in _ASR_FILES[:3]) else None
        files = [file for file in sorted(place.glob("*.gguf")) if _part(file) in (None, 1)]
    except OSError as error:
        raise ModelError(f"{place}: cannot be looked at: {error.strerror}.") from None
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ModelError(f"{place}: holds several models ({names}); name one of the files.")
    return files[0] if files else None


def _check(kind: ModelKind, path: Path) -> None:
    """Raises ``ModelError`` if this cannot be loaded. Reads headers only."""
    if kind == "asr":
        if path.is_file():
            raise ModelError(f"{path}: is a file; asr.model wants {_DESCRIPTION['asr']}.")
        missing = [name for name in _ASR_FILES if not any(path.glob(name))]
        if missing:
            raise ModelError(f"{path}: not a whole model, for lack of {', '.join(missing)}.")
    weights = path / "model.bin" if kind == "asr" else path
    for part in _parts(weights):
        _check_header(kind, part)


def _check_header(kind: ModelKind, file: Path) -> None:
    try:
        with file.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from None
    if head.startswith(_LFS_MAGIC):
        raise ModelError(f"{file}: only a pointer to the model; run `git lfs pull`.")
    if kind == "llm" and not head.startswith(_GGUF_MAGIC):
        raise ModelError(f"{file}: not a GGUF model; fetch it again or name another.")
    # CTranslate2: a version, then the name of the model's kind (u32, u16 length, text, NUL).
    if kind == "asr" and b"Whisper" not in head:
        raise ModelError(f"{file}: not a Whisper model in CTranslate2's format.")


def _part(file: Path) -> int | None:
    """Which part of a GGUF in several files (``x-00001-of-00003.gguf``) this is."""
    match = re.search(r"-(\d{5})-of-\d{5}\.gguf$", file.name)
    return int(match[1]) if match else None


def _parts(weights: Path) -> list[Path]:
    """All files of a model's weights. Raises ``ModelError`` if one is missing."""
    match = re.fullmatch(r"(.*-)(\d{5})-of-(\d{5})\.gguf", weights.name)
    if match is None:
        return [weights]
    total = int(match[3])
    parts = [
        weights.with_name(f"{match[1]}{part:05}-of-{match[3]}.gguf") for part in range(1, total + 1)
    ]
    missing = [part.name for part in parts if not part.is_file()]
    if missing:
        raise ModelError(f"{weights}: {', '.join(missing)} is missing.")
    return parts


def _chosen(kind: ModelKind) -> tuple[str, list[Path]]:
    """What ``auto`` stands for, and where that is. A choice whose model is gone counts for
    nothing: a robot that hears little is better than one that does not start."""
    store = Store()
    name = store.chosen().get(kind)
    if name is not None and store.folder(name).is_dir():
        return name, [store.folder(name)]
    return STARTER, list(_places(kind, STARTER, None))


def _may_be(entry: Path) -> bool:
    return entry.name != STARTER and not entry.name.startswith(".")


def _is(kind: ModelKind, entry: Path) -> bool:
    with suppress(ModelError):
        lock = read_lock(entry)
        if lock is not None:
            return lock.kind == kind  # a GGUF need not be one to talk with
    if kind == "asr":
        return (entry / "model.bin").is_file()
    return entry.suffix == ".gguf" or (entry.is_dir() and any(entry.glob("*.gguf")))


def _name(entry: Path) -> str:
    return entry.stem if entry.suffix == ".gguf" else entry.name


def _is_starter(path: Path) -> bool:
    return paths.starter_models().resolve() in path.resolve().parents


@lru_cache(maxsize=16)
def _sha256(file: Path, mtime_ns: int, size: int) -> str:
    """``mtime_ns`` and ``size`` are there to tell a changed file from the one that was hashed."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
