"""espeak-ng.

Its library speaks, in a process of its own that stays (``espeak_library``): the first sound comes
at once, and the library tells where in the text it is. Where there is none, the program speaks, one
process per sentence (``espeak_program``), and what was heard of a sentence is then estimated.
"""

from __future__ import annotations

import difflib
import logging
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, ModelError
from robot_voice.traced import Traced
from robot_voice.types import Mark, SafeText, Samples, Speech

from .espeak_library import Event, Library, NoLibrary, Order, Sound
from .espeak_marks import Marker
from .espeak_program import Program, find_program
from .korean_sounds import respell
from .manners import manner_of
from .pcm import BLOCK_SECONDS, FLOOR, Trimmer, blocks
from .speakable import read_out

_LIST_SECONDS = 10
_ALSO = re.compile(r"\(([a-z0-9-]+) \d+\)")

_RUN = re.compile(r"[^\s.,!?;:、。，！？；：…]+")
_MAX_RUN_BYTES = 100
"""The library writes beyond a buffer when a word has more than 160 bytes, and dies of it. Japanese
and Chinese know no spaces, so there a word is all between two commas."""

_log = logging.getLogger(__name__)


class EspeakTts:
    """Implements ``engines.Tts``."""

    def __init__(self, config: TtsConfig, library: Library | None = None) -> None:
        """``library``: another one than the system's. Raises ``ModelError`` without espeak-ng,
        ``ConfigError`` for a voice it does not know."""
        self._config = config
        self._program = Program(find_program(), config.timeout_seconds)
        self._library = library or Library(config.timeout_seconds)
        self._told = False  # that there is none
        if config.voices:
            for complaint in check_voices(config, sorted(config.voices)).values():
                raise ConfigError(complaint)

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """The sentence in blocks of at most 0.25 s, each as soon as espeak-ng has made it, with
        its marks where the library speaks.

        Raises ``TtsError`` when espeak-ng fails or is silent for ``timeout_seconds``. Closing the
        iterator, or ``cancelled`` becoming true, stops espeak-ng.
        """
        read = reading(text)
        if not read.text or cancelled():
            return
        # At volume 0 nothing is a pause: the robot moves its lips for as long.
        shaper = _Shaper(FLOOR * self._config.volume)
        order = self._order(read.text, text)
        if self._has_library():
            marker = Marker(read, text.language)
            yield from _marked(self._library.say(order, cancelled), shaper, marker, len(text.text))
        else:
            for samples, rate in self._program.say(order, cancelled):
                yield from shaper.push(samples, rate)
        if not cancelled():
            yield from shaper.finish()

    def close(self) -> None:
        """End espeak-ng's process. The next sentence would start another."""
        self._library.close()

    def _has_library(self) -> bool:
        try:
            self._library.start()
        except NoLibrary as error:
            if not self._told:
                _log.warning("espeak-ng speaks without telling where it is: %s", error)
            self._told = True
            return False
        return True

    def _order(self, read: str, text: SafeText) -> Order:
        config, manner = self._config, manner_of(text)
        return Order(
            read,
            config.voices.get(text.language, text.language),
            rate=min(450, max(80, round(config.rate * manner.rate))),
            pitch=min(99, max(0, config.pitch + manner.pitch)),
            volume=round(100 * config.volume * manner.volume),  # 100 is espeak-ng's own loudness
        )


def reading(text: SafeText) -> Traced:
    """What espeak-ng is given to read; empty if there is nothing to say."""
    read = read_out(text.text, text.language)
    return _with_gaps(respell(read) if text.language == "ko" else read)


def _with_gaps(read: Traced) -> Traced:
    """With a space wherever a run without one grows too long for the library."""
    pieces = []
    for run in _RUN.finditer(read.text):
        size = 0
        for at in range(run.start(), run.end() - 1):
            size += len(read.text[at].encode("utf-8", "replace"))
            if size > _MAX_RUN_BYTES:
                pieces.append((at, at + 1, read.text[at] + " "))
                size = 0
    return read.replace(pieces)


def _marked(
    said: Iterator[Sound | list[Event]], shaper: _Shaper, marker: Marker, length: int
) -> Iterator[Speech]:
    """What the library says. Sound waits until the marks in it are known, which is a word.
    ``length``: characters of the text."""
    pcm, done, rate = bytearray(), 0, 0  # the sound that waits, and what went before it
    known: list[tuple[int, int]] = []
    for item in said:
        if not isinstance(item, Sound):
            known += chain.from_iterable(map(marker.push, item))
            continue
        pcm += item.pcm
        rate = item.rate
        size = min(2 * (marker.settled - done), len(pcm))
        if size > 0:
            yield from shaper.push(_samples(pcm[:size]), rate, known)
            del pcm[:size]
            done, known = done + size // 2, []
    known += marker.finish(done + len(pcm) // 2)
    if pcm:
        end = known.pop()[0]
        yield from shaper.push(_samples(pcm), rate, [*known, (end, length)])


def _samples(pcm: bytearray) -> Samples:
    return np.asarray(np.frombuffer(bytes(pcm), "<i2") / 32768, dtype=np.float32)


class _Shaper:
    """Trims sound that comes in pieces, and cuts it into blocks, each with its marks."""

    def __init__(self, floor: float) -> None:
        self._trimmer = Trimmer(0, floor)
        self._sound: Samples = np.zeros(0, np.float32)
        self._marks: list[tuple[int, int]] = []
        self._given = 0  # samples of the trimmed sound

    def push(
        self, samples: Samples, rate: int, marks: Sequence[tuple[int, int]] = ()
    ) -> Iterator[Speech]:
        """``marks``: all there are in ``samples``, as (sample, characters); the samples count from
        the first that was pushed."""
        self._trimmer.rate = rate
        self._marks += marks
        self._sound = np.concatenate([self._sound, self._trimmer.push(samples)])
        size = int(rate * BLOCK_SECONDS)
        yield from self._take((len(self._sound) - 1) // size * size)  # the last waits for its end

    def finish(self) -> Iterator[Speech]:
        self._sound = np.concatenate([self._sound, self._trimmer.finish()])
        yield from self._take(len(self._sound))

    def _take(self, count: int) -> Iterator[Speech]:
        if count <= 0:
            return
        rate, begin = self._trimmer.rate, self._trimmer.cut + self._given
        ready, self._sound = self._sound[:count], self._sound[count:]
        self._given += count
        last = not len(self._sound)
        here = [mark for mark in self._marks if last or mark[0] < begin + count]
        self._marks = self._marks[len(here) :]
        marks = [Mark((sample - begin) / rate, chars) for sample, chars in here]
        yield from blocks(ready, rate, marks)


def check_voices(config: TtsConfig, languages: Iterable[str]) -> dict[str, str]:
    """The languages espeak-ng cannot speak with this configuration, each with what is wrong.

    Raises ``ModelError`` when espeak-ng itself is missing.
    """
    voices = _Voices(find_program())
    chosen = {language: config.voices.get(language, language) for language in languages}
    return {
        language: f"espeak-ng has no voice {voice!r} (tts.voices.{language}); "
        + voices.near(language, voice)
        for language, voice in chosen.items()
        if voice not in voices
    }


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
