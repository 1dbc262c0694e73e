"""Supertonic voices (2 and later), from a folder: the optional extra ``[supertonic]``.

Not run with real weights: none were to be had where this was written. The package itself was, with
toy weights. Its code is MIT; the weights come under a licence of their own (OpenRAIL-M), which
restricts uses. They are never fetched from here. Pitch cannot be changed, as with Piper.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, ModelError
from robot_voice.types import SafeText, Speech

from .manners import manner_of
from .neural import NeuralVoice, speak
from .piper import PLAIN_RATE

PLAIN_SPEED = 1.05
"""The package's own default; it takes speeds from 0.7 to 2."""

_SLOWEST, _FASTEST = 0.7, 2.0

_FILES = (
    "onnx/tts.json",
    "onnx/unicode_indexer.json",
    "onnx/duration_predictor.onnx",
    "onnx/text_encoder.onnx",
    "onnx/vector_estimator.onnx",
    "onnx/vocoder.onnx",
)

_CODES = (
    "en ko ja ar bg cs da de el es et fi fr hi hr hu id it lt lv nl pl pt ro ru sk sl sv tr uk vi"
)

LANGUAGES = frozenset(_CODES.split())
"""What Supertonic 3 speaks, as its package lists it; version 2 speaks fewer."""


class SupertonicTts:
    """Implements ``engines.Tts`` with the weights of one folder and, perhaps, several styles."""

    def __init__(
        self, config: TtsConfig, folder: Path, styles: Mapping[str, str], threads: int = 1
    ) -> None:
        """``styles``: by language, the name of a file in ``voice_styles``; "" is the first of them.

        Loads nothing yet. Raises ``ModelError`` when Supertonic is not installed or the folder
        lacks a file, ``ConfigError`` for a style it does not have or a language it does not speak.
        """
        if importlib.util.find_spec("supertonic") is None:
            raise ModelError('Supertonic is not installed: pip install "robot-voice[supertonic]".')
        known = _styles(folder)
        self._styles = {
            language: _style(language, name, known, folder) for language, name in styles.items()
        }
        self._config = config
        setup = {"engine": "supertonic", "folder": str(folder), "threads": threads}
        name = f"The Supertonic voice {folder.name}"
        self._voice = NeuralVoice(name, setup, config.timeout_seconds)

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """The sentence in blocks of at most 0.25 s, clause by clause. Raises ``TtsError``."""
        manner = manner_of(text)
        speed = PLAIN_SPEED * self._config.rate * manner.rate / PLAIN_RATE
        order = {
            "style": self._styles[text.language],
            "language": text.language,
            "speed": min(_FASTEST, max(_SLOWEST, speed)),
        }
        return speak(self._voice, text, order, self._config.volume * manner.volume, cancelled)

    def close(self) -> None:
        """End the voice's process."""
        self._voice.close()


def _styles(folder: Path) -> list[str]:
    missing = [name for name in _FILES if not (folder / name).is_file()]
    styles = sorted(file.stem for file in (folder / "voice_styles").glob("*.json"))
    if missing or not styles:
        raise ModelError(
            f"{folder} is no folder of Supertonic weights: it lacks "
            f"{', '.join(missing or ['voice_styles/NAME.json'])}. Nothing is fetched by itself: "
            "put the whole folder there, and its path into tts.voices."
        )
    return styles


def _style(language: str, name: str, known: list[str], folder: Path) -> str:
    if language not in LANGUAGES:
        raise ConfigError(f"Supertonic does not speak {language!r} (tts.voices.{language}).")
    if name and name not in known:
        styles = ", ".join(known[:12])
        raise ConfigError(f"{folder} has no style {name!r}; it has: {styles}.")
    return name or known[0]
