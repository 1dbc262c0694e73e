"""espeak-ng, one process per sentence.

A process costs 10 ms to the first sample (see ``make bench``) and buys three things: cutting it
short is one signal, a crash in it is an error and not ours, and its licence (GPL-3) stays its own.

The text goes in by stdin: so a sentence that begins with "-" is no option, and nobody reads what
the robot says in the process list.
"""

from __future__ import annotations

import difflib
import os
import re
import select
import shutil
import subprocess
from collections.abc import Iterable, Iterator

import numpy as np

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, ModelError, TtsError
from robot_voice.types import SafeText, Speech

from .pcm import FLOOR, Trimmer, WaveError, WaveFormat, blocks, mono, wave_format
from .speakable import speakable

_POLL_SECONDS = 0.02
_READ_BYTES = 1 << 16
_MAX_HEADER_BYTES = 4096
_LIST_SECONDS = 10
_ALSO = re.compile(r"\(([a-z0-9-]+) \d+\)")


MANNERS = {"": (1.0, 0), "gentle": (0.92, -6), "bright": (1.04, 5)}
"""How much faster and higher a sentence is said. A guess, not tried on listeners."""


class EspeakTts:
    """Implements ``engines.Tts``."""

    def __init__(self, config: TtsConfig) -> None:
        """Raises ``ModelError`` without espeak-ng, ``ConfigError`` for a voice it does not know."""
        self._config = config
        self._program = _find_program()
        if config.voices:
            for complaint in check_voices(config, sorted(config.voices)).values():
                raise ConfigError(complaint)

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """The sentence in blocks of at most 0.25 s, each as soon as espeak-ng has made it.

        Raises ``TtsError`` when espeak-ng fails or takes longer than ``timeout_seconds``. Closing
        the iterator, or ``cancelled`` becoming true, kills espeak-ng.
        """
        spoken = speakable(text.text, text.language)
        if not spoken or cancelled():
            return
        process = self._start(text)
        try:
            _feed(process, spoken)
            yield from self._blocks(process, cancelled)
        finally:
            _end(process)

    def _start(self, text: SafeText) -> subprocess.Popen[bytes]:
        config = self._config
        faster, higher = MANNERS[text.manner]
        options = {
            "-v": config.voices.get(text.language, text.language),
            "-s": str(max(80, round(config.rate * faster))),
            "-p": str(min(99, max(0, config.pitch + higher))),
            "-a": str(round(100 * config.volume)),  # 100 is espeak-ng's own loudness
            "-b": "1",  # UTF-8
        }
        command = [self._program, "--stdin", "--stdout"]
        for option, value in options.items():
            command += [option, value]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        except OSError as error:
            raise TtsError(f"espeak-ng could not be started: {error}") from error

    def _blocks(self, process: subprocess.Popen[bytes], cancelled: Cancelled) -> Iterator[Speech]:
        header, odd = b"", b""
        form: WaveFormat | None = None
        trimmer = Trimmer(0)
        for data in self._output(process, cancelled):
            if form is None:
                header += data
                form = _format(header)
                if form is None:
                    continue
                # At volume 0 nothing is a pause: the robot moves its lips for as long.
                trimmer = Trimmer(form.rate, FLOOR * self._config.volume)
                data = header[form.offset :]
            data, odd = _whole(odd + data, 2 * form.channels)
            samples = mono(np.frombuffer(data, "<i2").astype(np.int16), form.channels)
            yield from blocks(trimmer.push(samples), form.rate)
        if cancelled():
            return
        _check(process)
        if form is None:  # it says something even to letters it does not know
            raise TtsError("espeak-ng made no sound")
        yield from blocks(trimmer.finish(), form.rate)

    def _output(self, process: subprocess.Popen[bytes], cancelled: Cancelled) -> Iterator[bytes]:
        """What the process writes, as it comes. Ends early once ``cancelled``."""
        assert process.stdout is not None
        patience = self._config.timeout_seconds  # of waiting for it, not of our reader's leisure
        while not cancelled():
            ready, _, _ = select.select([process.stdout], [], [], _POLL_SECONDS)
            if ready:
                data = os.read(process.stdout.fileno(), _READ_BYTES)
                if not data:
                    return
                yield data
            elif (patience := patience - _POLL_SECONDS) <= 0:
                limit = self._config.timeout_seconds
                raise TtsError(f"espeak-ng said nothing for {limit:g} s (see tts.timeout_seconds)")


def check_voices(config: TtsConfig, languages: Iterable[str]) -> dict[str, str]:
    """The languages espeak-ng cannot speak with this configuration, each with what is wrong.

    Raises ``ModelError`` when espeak-ng itself is missing.
    """
    voices = _Voices(_find_program())
    chosen = {language: config.voices.get(language, language) for language in languages}
    return {
        language: f"espeak-ng has no voice {voice!r} (tts.voices.{language}); "
        + voices.near(language, voice)
        for language, voice in chosen.items()
        if voice not in voices
    }


def _find_program() -> str:
    program = shutil.which("espeak-ng")
    if program is None:
        raise ModelError(
            "The program espeak-ng is not installed, so the robot has no voice. Install it: "
            "`sudo apt install espeak-ng` (macOS: `brew install espeak-ng`)."
        )
    return program


class _Voices:
    """The voices espeak-ng lists. (Trying one out would not do: it takes "en-uss" for "en".)"""

    def __init__(self, program: str) -> None:
        lines = _listed(program, "--voices") + _listed(program, "--voices=mb")
        self._languages = {line.split()[1] for line in lines}
        self._known = self._languages | {name.lower() for line in lines for name in _names(line)}
        self._variants = {
            line.split("!v/")[-1].strip().lower() for line in _listed(program, "--voices=variant")
        }

    def __contains__(self, voice: str) -> bool:
        name, plus, variant = voice.lower().replace(" ", "_").partition("+")
        return name in self._known and (not plus or variant in self._variants)

    def near(self, language: str, voice: str) -> str:
        """What to try instead of ``voice``."""
        name, _, variant = voice.partition("+")
        if name in self._known and variant:
            return "the part after + is unknown: see `espeak-ng --voices=variant`"
        kin = sorted(known for known in self._languages if known.split("-")[0] == language)
        kin += difflib.get_close_matches(name, sorted(self._languages - set(kin)))
        return f"near it: {', '.join(kin[:8])}" if kin else "see `espeak-ng --voices`"


def _names(line: str) -> list[str]:
    """What a voice may be called by: its language, name, file, and the languages it also speaks."""
    fields = line.split()
    return [fields[1], fields[3], fields[4], fields[4].rsplit("/")[-1], *_ALSO.findall(line)]


def _listed(program: str, table: str) -> list[str]:
    try:
        done = subprocess.run(
            [program, table],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"espeak-ng does not run: {error}. Reinstall it.") from error
    lines = done.stdout.decode(errors="replace").splitlines()[1:]
    return [line for line in lines if len(line.split()) >= 5]


def _feed(process: subprocess.Popen[bytes], spoken: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(spoken.encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # it died at once; ``_check`` says why


def _format(header: bytes) -> WaveFormat | None:
    try:
        form = wave_format(header)
    except WaveError as error:
        raise TtsError(f"espeak-ng's output is unusable: {error}") from error
    if form is None and len(header) > _MAX_HEADER_BYTES:
        raise TtsError("espeak-ng's output is unusable: WAV header without end")
    return form


def _whole(data: bytes, size: int) -> tuple[bytes, bytes]:
    """Whole frames of ``size`` bytes, and the rest."""
    end = len(data) // size * size
    return data[:end], data[end:]


def _check(process: subprocess.Popen[bytes]) -> None:
    """After the last output: raise ``TtsError`` if the process did not end well."""
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired as error:
        raise TtsError("espeak-ng does not end") from error
    if code != 0:
        assert process.stderr is not None
        complaint = process.stderr.read(_MAX_HEADER_BYTES).decode(errors="replace").strip()
        raise TtsError(f"espeak-ng failed with status {code}: {complaint or 'no reason given'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process, no zombie and no file descriptor."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
