"""What reading the instructions made of the KV cache, kept on disk: the next start reads it back.

Evaluating a system prompt of 500 tokens takes a 7B model seconds; its state is a file of some
megabytes. The file is a cache and nothing more: it is good for one model, one version of llama.cpp,
one set of settings and one text, all of which are in its name; what is damaged or of something else
is ignored and written anew. It holds the instructions alone, never a word that anybody said:
``LlamaLlm.warm`` makes what is saved here out of nothing else.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import llama_cpp.llama_cpp as c
import numpy as np
from numpy.typing import NDArray

from robot_voice.llm_config import LlmConfig

_log = logging.getLogger(__name__)

FILES = 4
"""As many states are kept: two languages of two personas. The one unused for longest goes."""
_SUFFIX = ".state"
_DIGEST = hashlib.sha256().digest_size
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 16
"""Parts of a model file that are read to tell it from others. All of it (`models.registry`) would
take seconds at every start: 4 GB at 1 to 2 GB/s, where the processor helps with SHA-256."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The states of one model with its settings, in a folder that many may share."""

    folder: Path
    maker: str
    """What else the numbers depend on, as ``maker`` tells it."""

    def load(self, tokens: Sequence[int]) -> NDArray[np.uint8] | None:
        """The state that was saved for ``tokens``; None if there is none, or no whole one.

        It is mapped, not read: memory that the system may take back.
        """
        path = self._path(tokens)
        try:
            data = np.memmap(path, np.uint8, "r")
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:  # ValueError: the file is empty
            _log.warning("%s cannot be read: %s", path, error)
            return None
        digest, state = data[:_DIGEST], data[_DIGEST:]
        if digest.tobytes() != self._digest(tokens, state):
            _log.warning("%s is damaged: it is not used, and will be replaced", path)
            return None
        return state

    def save(self, tokens: Sequence[int], state: NDArray[np.uint8]) -> None:
        """Keep the state of ``tokens``, for this user's eyes only, and drop the oldest of many.

        Where that cannot be, the log says why, and the next start is as slow as this one.
        """
        path = self._path(tokens)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=self.folder, suffix=_SUFFIX)  # mode 0600
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._digest(tokens, state))
                    file.write(state.data)
                os.replace(partial, path)
            finally:
                Path(partial).unlink(missing_ok=True)
            self._trim()
        except OSError as error:
            _log.warning("the state of the language model is not kept: %s", error)

    def _trim(self) -> None:
        files = sorted(self.folder.glob(f"*{_SUFFIX}"), key=lambda file: -file.stat().st_mtime_ns)
        for file in files[FILES:]:
            file.unlink(missing_ok=True)

    def _path(self, tokens: Sequence[int]) -> Path:
        return self.folder / f"{self._key(tokens).hex()[:32]}{_SUFFIX}"

    def _key(self, tokens: Sequence[int]) -> bytes:
        return hashlib.sha256(repr((self.maker, list(tokens))).encode()).digest()

    def _digest(self, tokens: Sequence[int], state: NDArray[np.uint8]) -> bytes:
        """Of the content, and of what it is for: a renamed file is a wrong one."""
        digest = hashlib.sha256(self._key(tokens))
        digest.update(state.data)
        return digest.digest()


def maker(path: Path, config: LlmConfig, size: int, repack: bool, adapter: str = "") -> str:
    """The model, the program and the settings on which a state depends, in one line.

    ``path``: the GGUF file, which is told from others by its sizes, times and some of its
    contents. ``size``: tokens of the context. ``adapter``: the one of ``config.adapters`` that is
    at work, "" for none; its file is told likewise.
    """
    own = config.adapters[adapter] if adapter else None
    settings = (config.batch_tokens, config.flash_attention, config.cache_type_k)
    parts = (
        fingerprint(path),
        (size, repack, *settings, config.cache_type_v),
        (llama_cpp.__version__, c.llama_version().decode(), platform.machine()),
        c.llama_print_system_info().decode(),  # the processor's abilities decide on the rounding
        (fingerprint(Path(own.path)), own.scale) if own else None,
    )
    return repr(parts)


def fingerprint(path: Path) -> str:
    """The SHA-256 of what tells a model file from others: hexadecimal. Raises ``OSError``."""
    digest = hashlib.sha256()
    for part in _parts(path):
        with part.open("rb") as file:
            about = os.fstat(file.fileno())
            digest.update(repr((about.st_size, about.st_mtime_ns)).encode())
            for number in range(_SAMPLES):
                file.seek(about.st_size * number // _SAMPLES)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _parts(path: Path) -> Iterator[Path]:
    """A model in several files (``x-00001-of-00003.gguf``) is named by the first of them."""
    match = re.fullmatch(r"(.*-)00001(-of-(\d{5})\.gguf)", path.name)
    if match is None:
        yield path
        return
    for number in range(1, int(match[3]) + 1):
        yield path.with_name(f"{match[1]}{number:05}{match[2]}")
