"""pyttsx3, for the voices of macOS and Windows. Each sentence is rendered by a throw-away process.

pyttsx3 plays by itself, cannot be stopped while it does (``stop()`` from another thread blocked 2 s
and the sound went on), loses sentences when used from two threads or twice in a row, and prints
what it should raise. All of this was measured with 2.99. What does work is ``save_to_file`` in a
fresh process: that can be killed, and it leaves PCM, which the robot's own player can cut.

The process costs some 0.1 s before the first sample; on Linux ``espeak`` is the better engine.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled
from robot_voice.errors import ModelError, TtsError
from robot_voice.types import SafeText, Speech

from .manners import manner_of
from .pcm import FLOOR, Trimmer, WaveError, blocks, read_sound
from .speakable import speakable

_CHILD = Path(__file__).with_name("pyttsx3_child.py")
_POLL_SECONDS = 0.02

WROTE_NOTHING = 3
"""The child's status when pyttsx3 ended well, but without a file. On a busy machine its event loop
sometimes ends before it has begun (once in some fifty runs here); trying again helps."""

_TRIES = 3


class Pyttsx3Tts:
    """Implements ``engines.Tts``."""

    def __init__(self, config: TtsConfig) -> None:
        """Raises ``ModelError`` when pyttsx3 is not installed."""
        if importlib.util.find_spec("pyttsx3") is None:
            raise ModelError("pyttsx3 is not installed: `pip install pyttsx3`.")
        self._config = config

    def close(self) -> None:
        """Nothing to end: every sentence has had a process of its own."""

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """The sentence in blocks of at most 0.25 s, once all of it has been rendered.

        Raises ``TtsError`` when pyttsx3 fails or takes longer than ``timeout_seconds``.
        ``cancelled`` becoming true kills the rendering.
        """
        spoken = speakable(text.text, text.language)
        if not spoken or cancelled():
            return
        with tempfile.TemporaryDirectory(prefix="robot-voice-") as folder:
            speech = self._render(spoken, text, Path(folder), cancelled)
        if speech is None:
            return
        trimmer = Trimmer(speech.rate, FLOOR * self._config.volume * manner_of(text).volume)
        yield from blocks(trimmer.push(speech.samples), speech.rate)
        yield from blocks(trimmer.finish(), speech.rate)

    def _render(
        self, spoken: str, text: SafeText, folder: Path, cancelled: Cancelled
    ) -> Speech | None:
        config, file = self._config, folder / "speech"
        language, manner = text.language, manner_of(text)
        order = {
            "text": spoken,
            "language": language,
            "voice": config.voices.get(language, language),
            "rate": round(config.rate * manner.rate),
            "pitch": min(99, max(0, config.pitch + manner.pitch)),
            "volume": config.volume * manner.volume,
            "file": str(file),
        }
        for last in (*[False] * (_TRIES - 1), True):
            code = _run(json.dumps(order), folder, config.timeout_seconds, cancelled)
            if code is None:
                return None
            if code == 0:
                break
            if code != WROTE_NOTHING or last:
                raise TtsError(f"pyttsx3 failed: {_complaint(folder, code)}")
        try:
            return read_sound(file.read_bytes())
        except (OSError, WaveError) as error:
            raise TtsError(f"pyttsx3 left no usable sound: {error}") from error


def _run(order: str, folder: Path, patience: float, cancelled: Cancelled) -> int | None:
    """The child's status; None if it was ``cancelled`` before."""
    request, complaints = folder / "order", folder / "complaints"
    request.write_text(order, encoding="utf-8")
    # Files, not pipes: nothing can fill up or block, and the text is in no process list.
    with request.open("rb") as stdin, complaints.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD)],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        return _wait(process, patience, cancelled)
    finally:
        process.kill()
        process.wait()


def _complaint(folder: Path, code: int) -> str:
    said = (folder / "complaints").read_text(encoding="utf-8", errors="replace").strip()
    return said.splitlines()[-1] if said else f"status {code}"


def _wait(process: subprocess.Popen[bytes], patience: float, cancelled: Cancelled) -> int | None:
    left = patience
    while not cancelled():
        try:
            return process.wait(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            left -= _POLL_SECONDS
        if left <= 0:
            raise TtsError(f"pyttsx3 took longer than {patience:g} s (see tts.timeout_seconds)")
    return None
