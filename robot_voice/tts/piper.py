"""Piper voices, by the path of a file: the optional extra ``[piper]`` (GPL-3, in its own process).

Tried with a toy voice only: what a real one sounds like, nobody has judged here. A Piper voice has
one pitch: ``tts.pitch`` and the pitch of a manner do not reach it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, ModelError
from robot_voice.types import SafeText, Speech

from .manners import manner_of
from .neural import NeuralVoice, speak

PLAIN_RATE = 165
"""The ``tts.rate`` at which a voice speaks as fast as it was trained to; the default."""

_OFFLINE = ("espeak", "text")
"""Kinds of phonemes Piper makes with what it brings along. For the others (Chinese, Japanese,
Hebrew, Thai) it needs more packages, which fetch data when first used."""


class PiperTts:
    """Implements ``engines.Tts`` with one voice file and, perhaps, several of its speakers."""

    def __init__(
        self, config: TtsConfig, file: Path, speakers: Mapping[str, str], threads: int = 1
    ) -> None:
        """``speakers``: by language, a speaker's name or number; "" is the voice's own default.

        Loads nothing yet. Raises ``ModelError`` when Piper is not installed or the file is not a
        voice, ``ConfigError`` for a speaker it does not have.
        """
        if importlib.util.find_spec("piper") is None:
            raise ModelError('Piper is not installed: pip install "robot-voice[piper]".')
        description = _description(file)
        self._speakers = {
            language: _speaker(name, description, file) for language, name in speakers.items()
        }
        self._config = config
        setup = {"engine": "piper", "file": str(file), "threads": threads}
        self._voice = NeuralVoice(f"The Piper voice {file.name}", setup, config.timeout_seconds)

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """The sentence in blocks of at most 0.25 s, clause by clause. Raises ``TtsError``."""
        manner = manner_of(text)
        order = {
            "speaker": self._speakers.get(text.language),
            "stretch": PLAIN_RATE / (self._config.rate * manner.rate),
        }
        return speak(self._voice, text, order, self._config.volume * manner.volume, cancelled)

    def close(self) -> None:
        """End the voice's process."""
        self._voice.close()


def _description(file: Path) -> dict[str, Any]:
    """What stands beside the voice, its keys those that Piper cannot do without."""
    beside = file.with_name(file.name + ".json")
    for needed in (file, beside):
        if not needed.is_file():
            raise ModelError(
                f"There is no {needed}. A Piper voice is two files, NAME.onnx and NAME.onnx.json, "
                "side by side; tts.voices gives the path of the first."
            )
    try:
        description = json.loads(beside.read_text(encoding="utf-8"))
        kind = description.get("phoneme_type", "espeak")
        whole = (
            description["audio"]["sample_rate"] > 0
            and description["phoneme_id_map"]
            and description["num_symbols"]
            and (description["espeak"]["voice"] or kind == "text")
        )
        description["speaker_id_map"] = description.get("speaker_id_map", {})
        description["num_speakers"] = int(description["num_speakers"])
    except (ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        raise ModelError(f"{beside} does not describe a Piper voice: {error!r}.") from error
    if not whole or not _is_onnx(file):
        raise ModelError(f"{file} is not a Piper voice, or not all of it. Fetch it again.")
    if kind not in _OFFLINE:
        raise ModelError(
            f"{file.name} is spelt in {kind!r} phonemes, for which Piper fetches more data when it "
            "speaks; only voices that need nothing else are supported."
        )
    return dict(description)


def _is_onnx(file: Path) -> bool:
    """Whether it begins as every exporter's files do: with the version of ONNX, field 1. A pointer
    of Git LFS and an error page do not."""
    with file.open("rb") as stream:
        return stream.read(1) == b"\x08"


def _speaker(name: str, description: Mapping[str, Any], file: Path) -> int | None:
    names: Mapping[str, int] = description["speaker_id_map"]
    count: int = description["num_speakers"]
    if not name:
        return None
    if name in names:
        return names[name]
    if name.isdecimal() and int(name) < count:
        return int(name)
    known = ", ".join([*names][:8]) or f"0 to {count - 1}"
    raise ConfigError(f"The Piper voice {file.name} has no speaker {name!r}; it has: {known}.")
