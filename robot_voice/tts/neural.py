"""Neural voices, each in a process of its own that stays, for loading one takes seconds.

So a crash in it is an error and not ours, a licence stays its own (Piper's is GPL-3), and giving a
sentence up waits for nobody: the process is told, finishes its clause, and what it still answers is
thrown away.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from robot_voice.engines import Cancelled
from robot_voice.errors import TtsError
from robot_voice.traced import Traced
from robot_voice.types import Mark, SafeText, Samples, Speech

from .clauses import clauses
from .pcm import Trimmer, blocks
from .speakable import read_out

_CHILD = Path(__file__).with_name("neural_child.py")
_POLL_SECONDS = 0.02
_READ_BYTES = 1 << 20
_LOAD_SECONDS = 60.0
"""How long a voice may take to load. On a slow card, 400 MB take half of it."""

Phonemes: TypeAlias = Sequence[tuple[str, int]]
"""What sounds, and for how many samples."""

_UNIT = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+"
)
"""A syllable of kana, Han or Hangul; a word elsewhere."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as sound."""

    samples: Samples
    rate: int
    phonemes: Phonemes
    """Empty if the voice does not tell."""


class NeuralVoice:
    """The process of one voice, started for the first sentence, and again after it has failed."""

    def __init__(self, name: str, setup: Mapping[str, object], patience: float) -> None:
        """``name`` is for people. ``patience``: the longest silence of the process, in seconds,
        once it has loaded."""
        self._name = name
        self._setup = setup
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = lambda: None
        self._read = bytearray()
        self._rate = 0  # known once the voice is loaded
        self._number = 0

    def say(
        self, order: Mapping[str, object], cancelled: Cancelled
    ) -> Generator[Clause, None, None]:
        """The order's ``clauses`` as sound, each when it is made. Closing the iterator, or
        ``cancelled`` becoming true, gives the rest up at once.

        Raises ``TtsError`` when the process fails or is silent for too long.
        """
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it died in its sleep
        process = self._process or self._start()
        if not self._rate and not self._loaded(process, cancelled):
            return
        self._number += 1
        self._send(process, {**order, "number": self._number})
        ended = False
        try:
            for head, data in self._answers(process, self._patience, cancelled):
                if head["number"] != self._number:
                    continue  # of a sentence that was given up
                if ended := "end" in head:
                    return
                yield Clause(np.frombuffer(data, "<f4"), self._rate, head["phonemes"])
        finally:
            if not ended and self._process is not None:
                self._send(process, {})

    def close(self) -> None:
        """End the process. The next sentence starts another."""
        self._end()
        self._process, self._rate = None, 0
        self._read.clear()

    def _start(self) -> subprocess.Popen[bytes]:
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        # -P: our own modules are not what it imports as "piper" and "supertonic".
        command = [sys.executable, "-P", str(_CHILD)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        try:
            self._process = process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=nowhere, bufsize=0, env=environment
            )
        except OSError as error:
            raise TtsError(f"{self._name} could not be started: {error}") from error
        self._end = weakref.finalize(self, _end, process)
        self._send(process, self._setup)
        return process

    def _loaded(self, process: subprocess.Popen[bytes], cancelled: Cancelled) -> bool:
        """Wait for the voice; False when ``cancelled`` before. It goes on loading."""
        for head, _ in self._answers(process, _LOAD_SECONDS, cancelled):
            self._rate = head["rate"]
            return True
        return False

    def _send(self, process: subprocess.Popen[bytes], order: Mapping[str, object]) -> None:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended; ``_answers`` says why
            process.stdin.write(json.dumps(order).encode() + b"\n")

    def _answers(
        self, process: subprocess.Popen[bytes], patience: float, cancelled: Cancelled
    ) -> Iterator[tuple[dict[str, Any], bytes]]:
        """What the process answers, as it comes. Ends only when ``cancelled``."""
        assert process.stdout is not None
        left = patience
        while not cancelled():
            if answer := self._taken():
                left = patience
                yield answer
            elif select.select([process.stdout], [], [], _POLL_SECONDS)[0]:
                data = os.read(process.stdout.fileno(), _READ_BYTES)
                if not data:
                    self._fail(f"ended with status {process.wait()}")
                self._read += data
            elif (left := left - _POLL_SECONDS) <= 0:
                self._fail(f"said nothing for {patience:g} s (see tts.timeout_seconds)")

    def _taken(self) -> tuple[dict[str, Any], bytes] | None:
        """The next answer, if all of it is here."""
        first = self._read.find(b"\n") + 1
        if not first:
            return None
        head = json.loads(self._read[:first])
        if "failed" in head:
            self._fail(f"failed: {head['failed']}")
        last = first + head["bytes"]
        if len(self._read) < last:
            return None
        data = bytes(self._read[first:last])
        del self._read[:last]
        return head, data

    def _fail(self, why: str) -> None:
        self.close()
        raise TtsError(f"{self._name} {why}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process, no zombie and no file descriptor."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def speak(
    voice: NeuralVoice,
    text: SafeText,
    order: Mapping[str, object],
    volume: float,
    cancelled: Cancelled,
) -> Iterator[Speech]:
    """A sentence clause by clause, in blocks of at most 0.25 s, silence taken off both ends of
    each clause but for a breath; with marks where the voice tells its phonemes.

    Raises ``TtsError``.
    """
    read = read_out(text.text, text.language)
    spans = clauses(read.text)
    if not spans or cancelled():
        return
    order = {**order, "clauses": [read.text[start:end] for start, end in spans]}
    silent = True
    with contextlib.closing(voice.say(order, cancelled)) as said:
        for clause, span in zip(said, spans, strict=False):  # fewer come when cancelled
            trimmer = Trimmer(clause.rate)
            sound = np.concatenate([trimmer.push(clause.samples), trimmer.finish()])
            silent = silent and not len(sound)
            marks = word_marks(read, span, clause, trimmer.cut)
            yield from blocks(sound * np.float32(volume), clause.rate, marks)
    if silent and not cancelled():
        raise TtsError("the voice made no sound")


def word_marks(read: Traced, span: tuple[int, int], clause: Clause, cut: int) -> list[Mark]:
    """When each word of ``read.text[span]`` is over, and each syllable of Hangul, kana and Han.

    Words and phonemes meet at the spaces; where their numbers differ ("of the" may sound as one
    word), the letters share the clause's time. Within a word its characters share the word's.
    """
    sounds = _sounds(clause.phonemes)
    if not sounds:
        return []
    start, end = span
    words = [match.span() for match in re.finditer(r"\S+", read.text[start:end])]
    if len(words) != len(sounds):
        words, sounds = [(0, end - start)], [(sounds[0][0], sounds[-1][1])]
    marks = []
    for (first, last), (begin, over) in zip(words, sounds, strict=True):
        for unit in _UNIT.finditer(read.text, start + first, start + last):
            share = (unit.end() - start - first) / (last - first)
            at = begin + (over - begin) * share - cut
            marks.append(Mark(max(0.0, at / clause.rate), read.over(unit.end())))
    return marks


def _sounds(phonemes: Phonemes) -> list[tuple[int, int]]:
    """First and last sample of every word."""
    found: list[tuple[int, int]] = []
    at, word = 0, None
    for name, count in phonemes:
        if name in " ^$":
            found += [word] if word else []
            word = None
        else:
            word = (word[0] if word else at, at + count)
        at += count
    return [*found, word] if word else found
