"""Counting the syllables that are heard of a sentence, by espeak-ng's vowel phonemes.

For judging how truthful claims are (``truth``), so it uses neither the positions in the text that
espeak-ng tells nor ``tts.espeak_marks``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np

from robot_voice.config import TtsConfig
from robot_voice.engines import Cancelled
from robot_voice.tts.espeak import EspeakTts, reading
from robot_voice.tts.espeak_child import PHONEME
from robot_voice.tts.espeak_library import Event, Library, Order, Sound
from robot_voice.tts.pcm import FLOOR
from robot_voice.types import SafeText, Speech

VOWELS = frozenset("aeiouyæɐɑɒɔəɘɚɛɜɝɤɨɪɯɵøœʉʊʌʏ")


class Overheard(Library):
    """The library, with what it says of the latest sentence kept."""

    def say(self, order: Order, cancelled: Cancelled) -> Iterator[Sound | list[Event]]:
        self.pcm = bytearray()
        self.phonemes: list[tuple[int, str]] = []
        for item in super().say(order, cancelled):
            if isinstance(item, Sound):
                self.pcm += item.pcm
            else:
                self.phonemes += [
                    (event.sample, normalize("NFD", event.said.rstrip(b"\0").decode()))
                    for event in item
                    if event.kind == PHONEME
                ]
            yield item


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    language: str
    blocks: Sequence[Speech]
    over: Sequence[float]
    """The second of its sound at which each of its syllables is over."""

    @property
    def seconds(self) -> float:
        return sum(block.seconds for block in self.blocks)


class Reader:
    """Says sentences, and counts syllables."""

    def __init__(self) -> None:
        voices = {**TtsConfig().voices, "zh": "cmn-latn-pinyin"}
        self._library = Overheard(10.0)
        self._tts = EspeakTts(TtsConfig(voices=voices), self._library)
        self._counts: dict[tuple[str, str], int] = {}

    def say(self, text: str, language: str) -> Sentence:
        blocks = list(self._tts.synthesize(SafeText(text, language), lambda: False))
        if not blocks:
            return Sentence(text, language, (), ())
        raw = np.frombuffer(bytes(self._library.pcm), "<i2") / 32768
        sound = np.concatenate([block.samples for block in blocks])
        cut = int(np.argmax(np.abs(raw) >= FLOOR)) - int(np.argmax(np.abs(sound) >= FLOOR))
        over = [(at - cut) / blocks[0].rate for at in syllables(self._library.phonemes, len(raw))]
        return Sentence(text, language, blocks, over)

    def count(self, text: str, language: str) -> int:
        """How many syllables ``text`` has when it is said alone."""
        key = text, language
        if key not in self._counts:
            self._counts[key] = len(self.say(text, language).over)
        return self._counts[key]

    def claimed(self, claim: str, reply: Sequence[Sentence]) -> int:
        """The syllables of a claim to have said the beginning of ``reply``."""
        total = 0
        for sentence in reply:
            if not claim.startswith(sentence.text):
                return total + self.count(sounds(claim, sentence), sentence.language)
            total += len(sentence.over)
            claim = claim[len(sentence.text) :].lstrip()
        return total

    def close(self) -> None:
        self._tts.close()


def sounds(claim: str, sentence: Sentence) -> str:
    """What is said when ``claim``, the beginning of ``sentence``, is. Half a Japanese word is read
    otherwise than in its sentence, so there it is the beginning of the sentence's own reading."""
    if sentence.language != "ja":
        return claim
    read = reading(SafeText(sentence.text, "ja"))
    end = bisect_right(read.ends, len(claim))
    if end < len(read.text) and read.starts[end] < len(claim):  # within a word
        begin, length = read.starts[end], read.ends[end] - read.starts[end]
        letters = bisect_right(read.ends, read.ends[end]) - end
        end += round((len(claim) - begin) / length * letters)
    return read.text[:end]


def syllables(phonemes: Sequence[tuple[int, str]], end: int) -> list[int]:
    """The sample at which each syllable is over: in the middle of the consonants between its vowel
    and the next; before a pause, where that begins."""
    sounds = [(at, said) for at, said in phonemes if not said.startswith("(")]
    starts = [at for at, _ in sounds[1:]] + [end]
    over: list[int] = []
    after = 0
    for (at, said), next_at in zip(sounds, starts, strict=True):
        if VOWELS & set(said) and said != "u\u0303":  # Japanese ん
            if after:
                over.append((after + at) // 2)
            after = next_at
        elif said:
            continue
        elif after and next_at - at > 1500:  # a rest, not the silence before a consonant
            over.append(at)
            after = 0
    return over + [after] * (after > 0)
