"""Turns Whisper weights, in the three formats they are published in, into a folder that
faster-whisper loads.

    convert(Path("small.pt"), Path("models/small"), tokenizer=Path("multilingual.tiktoken"))

A source is read into a ``Checkpoint`` (tensors under OpenAI's names) by one of ``openai``,
``ggml`` and ``huggingface``; ``vocabulary`` makes the tokenizer; ``ctranslate`` writes. No torch,
no network, and nothing that a source contains is ever executed.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from robot_voice.errors import ModelError

from .checkpoint import Checkpoint
from .ctranslate import check, write
from .ggml import MAGIC as GGML_MAGIC
from .ggml import read as read_ggml
from .huggingface import read as read_huggingface
from .openai import read as read_openai
from .vocabulary import find as find_vocabulary

__all__ = ["Converted", "Quantization", "convert", "read"]

Quantization: TypeAlias = Literal["int8", "float16", "float32"]
"""How weights are stored. The assistant computes in int8 whatever this says."""

_BYTES = {"int8": 1, "float16": 2, "float32": 4}
"""A weight's size."""
_ROOM = 64 * 2**20
"""Bytes left free on the disk, besides what the model needs."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted model. Its folder is complete and has been loaded once."""

    path: Path
    source: str
    """What the source was, in words."""
    parameters: int
    size: int
    """Bytes of all files."""
    multilingual: bool


def convert(
    source: Path, dest: Path, quantization: Quantization = "int8", tokenizer: Path | None = None
) -> Converted:
    """Convert ``source`` into the new folder ``dest``, which appears complete or not at all.

    ``source``: an OpenAI ``.pt``, a whisper.cpp ``ggml-*.bin``, or a Hugging Face folder with
    ``model.safetensors``. ``tokenizer``: a ``tokenizer.json`` or OpenAI's ``.tiktoken`` file;
    needed by ``.pt``, which holds no vocabulary. Raises ``ModelError`` when the source is damaged
    or no Whisper model, ``dest`` exists, or the disk is full.
    """
    if dest.exists() or dest.is_symlink():
        raise ModelError(f"{dest}: exists already; remove it or choose another name.")
    checkpoint = read(source)
    checkpoint.check()
    words = find_vocabulary(checkpoint, tokenizer)
    _check_room(dest.parent, checkpoint.parameters * _BYTES[quantization])
    with _staged(dest) as folder:
        multilingual = write(checkpoint, words, folder, quantization)
        parameters, description = checkpoint.parameters, checkpoint.description
        del checkpoint  # the check loads the result beside it
        check(folder)
    size = sum(file.stat().st_size for file in dest.iterdir())
    return Converted(dest, description, parameters, size, multilingual)


def read(source: Path) -> Checkpoint:
    """The weights in ``source``, whose format is told by its first bytes. Raises ``ModelError``."""
    try:
        if source.is_dir() or source.suffix == ".safetensors":
            return read_huggingface(source if source.is_dir() else source.parent)
        with source.open("rb") as stream:
            head = stream.read(64)
        if head.startswith(b"PK"):
            return read_openai(source)
        if head.startswith(GGML_MAGIC):
            return read_ggml(source)
    except OSError as error:
        raise ModelError(f"{source}: cannot be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise ModelError(f"{source}: too large for this machine's memory.") from error
    except (zipfile.BadZipFile, NotImplementedError) as error:  # the latter: a zip of the future
        raise ModelError(f"{source}: damaged or cut off ({error}); fetch it again.") from error
    raise ModelError(f"{source}: {_strange(head)}")


def _strange(head: bytes) -> str:
    if head.startswith(b"version https://git-lfs"):
        return "only a pointer to the model; run `git lfs pull`."
    if head.startswith(b"GGUF"):
        return "a GGUF model; of whisper.cpp's models only ggml-*.bin can be converted."
    if head.startswith(b"\x80"):
        return "a PyTorch file of before 2020 or no PyTorch file; only zip-format .pt can be read."
    if b"WhisperSpec" in head:
        return "is in faster-whisper's format already: set asr.model to its folder."
    return "no Whisper weights: wanted an OpenAI .pt, a ggml-*.bin, or a Hugging Face folder."


def _check_room(folder: Path, needed: int) -> None:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed + _ROOM:
        raise ModelError(
            f"{folder}: the disk has {free / 1e6:.0f} MB left, the model needs"
            f" {(needed + _ROOM) / 1e6:.0f} MB; make room or choose another folder."
        )


@contextmanager
def _staged(dest: Path) -> Iterator[Path]:
    """A hidden folder beside ``dest`` that becomes it when the body succeeds, else vanishes."""
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{dest.name}.", suffix=".partial", dir=dest.parent))
    except OSError as error:
        raise ModelError(f"{dest.parent}: cannot be written: {error.strerror}.") from error
    try:
        yield folder
        for file in folder.iterdir():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        folder.chmod(0o755)  # mkdtemp's is for its owner alone
        folder.rename(dest)
    except OSError as error:
        raise ModelError(f"{dest}: cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gone already if it was renamed
