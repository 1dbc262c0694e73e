"""What of a sentence is over when: marks, and the claims made of them."""

from __future__ import annotations

import ctypes.util
import random
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from robot_voice.config import TtsConfig
from robot_voice.conversation import Spoken
from robot_voice.traced import Traced
from robot_voice.tts.espeak import EspeakTts, reading
from robot_voice.tts.espeak_child import CLAUSE_END, PHONEME, SENTENCE, WORD
from robot_voice.tts.espeak_library import Event
from robot_voice.tts.espeak_marks import Marker
from robot_voice.types import SafeText, Speech
from scripts.bench.syllables import Reader
from scripts.bench.truth import REPLIES, Cuts, heard, spoken

needs_library = pytest.mark.skipif(
    not ctypes.util.find_library("espeak-ng"), reason="there is no library espeak-ng"
)


def never() -> bool:
    return False


# --- events, made up ---------------------------------------------------------------------


def word(sample: int, position: int) -> Event:
    return Event(WORD, sample, position, b"")


def sounds(start: int, said: str) -> list[Event]:
    """Phonemes, 100 samples each; "_" is a pause."""
    return [
        Event(PHONEME, start + 100 * n, 1, one.replace("_", "").encode().ljust(8, b"\0"))
        for n, one in enumerate(said.split())
    ]


Marks = list[tuple[int, int]]


def marks(text: Traced | str, events: list[Event], end: int, language: str = "en") -> Marks:
    """What is over, as text of the original, and when."""
    read = Traced.of(text) if isinstance(text, str) else text
    marker = Marker(read, language)
    found = [mark for event in events for mark in marker.push(event)]
    return [*found, *marker.finish(end)]


def test_a_word_is_over_where_the_next_begins() -> None:
    events = [word(0, 1), *sounds(0, "h aɪ"), word(200, 4), *sounds(200, "j uː"), *sounds(400, "_")]
    assert marks("hi you.", events, 1000) == [(200, 3), (400, 7)]


def test_syllables_share_a_word_out() -> None:
    events = [word(0, 1), *sounds(0, "k ɐ m s ɐ")]
    assert marks("감사", events, 500, "ko") == [(300, 1), (500, 2)]


@pytest.mark.parametrize(
    ("text", "language", "said", "expected"),
    [
        ("가 나다", "ko", "k ɐ n ɐ t ɐ", [2, 3, 4]),  # two words in one event
        ("きょうは", "ja", "k ʲ o ɯ w a", [2, 3, 4]),
        ("しんぶん", "ja", "s i ũ b ɯ n", [2, 4]),
        ("おいしい", "ja", "o i s i", [1, 2, 4]),  # the long vowel is one sound
        ("カード", "ja", "k ä d o̞", [2, 3]),
        ("日は", "ja", "(en) tʃ aɪ n iː z (ja) l e̞ t ə w a", [0, 0, 0, 1, 2]),  # spelled
        ("garden", "en", "ɡ ɑːɹ d ə n", [3, 6]),
        ("everybody", "en", "ɛ v ɹ ɪ b ɑː d i", [2, 5, 7, 9]),
        ("'s", "en", "z", [2]),
        ("TV를", "ko", "t iː v iː ɾ ɯ ɫ", [1, 2, 3]),
    ],
)
def test_what_is_over_after_each_vowel(
    text: str, language: str, said: str, expected: list[int]
) -> None:
    found = marks(text, [word(0, 1), *sounds(0, said)], 100 * len(said.split()), language)
    assert [chars for _, chars in found] == expected


def test_the_events_that_are_known_to_be_odd() -> None:
    first_is_missing = [*sounds(0, "n a"), Event(SENTENCE, 300, 4, b""), word(300, 4)]
    assert marks("나. 나", [*first_is_missing, *sounds(300, "n a")], 600, "ko") == [
        (300, 3),
        (600, 4),
    ]
    at_the_quote = [word(0, 1), *sounds(0, "a"), word(300, 2), *sounds(300, "b e")]
    assert marks('a "be', at_the_quote, 600) == [(300, 3), (600, 5)]
    after_the_end = [word(0, 1), *sounds(0, "a"), word(150, 1), *sounds(200, "_")]
    assert marks("a", [*after_the_end, Event(CLAUSE_END, 300, 2, b"")], 300) == [(200, 1)]
    beyond = [word(0, 1), *sounds(0, "a"), word(100, 99), *sounds(100, "_")]
    assert marks("a.", beyond, 300)[-1] == (100, 2)


def test_marks_count_the_characters_of_the_original() -> None:
    read = Traced.of("It is 42.").replace([(6, 8, "forty-two")])
    events = [word(0, 1), *sounds(0, "ɪ t"), word(200, 4), *sounds(200, "ɪ z"), word(400, 7)]
    events += [*sounds(400, "f o t i"), word(800, 13), *sounds(800, "t uː")]
    found = marks(read, events, 1000)
    assert [chars for _, chars in found] == [3, 6, 6, 7, 9]


@pytest.mark.parametrize("seed", range(30))
def test_marks_never_go_back_whatever_the_events(seed: int) -> None:
    dice = random.Random(seed)
    text = "".join(dice.choice('ab 가나 あい天 12.,"()') for _ in range(30))
    marker, at = Marker(Traced.of(text), dice.choice(["en", "ko", "ja"])), 0
    found: Marks = []
    for _ in range(60):
        at += dice.randrange(0, 300)
        kind = dice.choice([WORD, SENTENCE, PHONEME, PHONEME, PHONEME, CLAUSE_END])
        said = dice.choice(["a", "t", "", "iː", "(en)"]).encode().ljust(8, b"\0")
        found += marker.push(Event(kind, at, dice.randrange(-2, 35), said))
        assert all(sample <= marker.settled for sample, _ in found)
    found += marker.finish(at + 100)
    assert found == sorted(found)
    assert sorted(chars for _, chars in found) == [chars for _, chars in found]
    assert found[-1][1] == len(text)


# --- the real voice ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def tts() -> Iterator[EspeakTts]:
    voices = {**TtsConfig().voices, "zh": "cmn-latn-pinyin"}
    tts = EspeakTts(TtsConfig(voices=voices))
    yield tts
    tts.close()


def told(blocks: list[Speech]) -> list[tuple[float, int]]:
    """All marks, at seconds of the whole sound."""
    found: list[tuple[float, int]] = []
    start = 0.0
    for block in blocks:
        found += [(start + mark.at, mark.chars) for mark in block.marks]
        start += block.seconds
    return found


@needs_library
@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [
        ("안녕하세요.", "ko", "안|녕|하|세|요."),
        ("네, 독립 만세!", "ko", "네, |독|립 |만|세!"),
        ("きょうは、げんき。", "ja", "きょ|う|は、|げん|き。"),
        ("你好，世界。", "zh", "你|好，|世|界。"),
        ("We go up, now.", "en", "We |go |up, |now."),
        ('She said: "Go (on)!" 🎉', "en", 'She |said: "|Go (|on)!" 🎉'),
    ],
)
def test_a_sentence_is_marked_unit_by_unit(
    tts: EspeakTts, text: str, language: str, pieces: str
) -> None:
    blocks = list(tts.synthesize(SafeText(text, language), never))
    cuts = [0, *(chars for _, chars in told(blocks))]
    assert "|".join(text[a:b] for a, b in pairwise(cuts)) == pieces
    assert all(0 <= mark.at <= block.seconds for block in blocks for mark in block.marks)
    assert sum(len(block.samples) == 5512 for block in blocks) >= len(blocks) - 1


@needs_library
@pytest.mark.parametrize(("rate", "volume"), [(80, 1.0), (165, 0.0), (400, 1.0)])
def test_the_last_mark_is_where_the_voice_ends(rate: int, volume: float) -> None:
    tts = EspeakTts(TtsConfig(rate=rate, volume=volume))
    blocks = list(tts.synthesize(SafeText("Hello **there**, you!  ", "en"), never))
    tts.close()
    at, chars = told(blocks)[-1]
    sound = np.concatenate([block.samples for block in blocks])
    assert chars == len("Hello **there**, you!  ")
    if volume:
        last = np.flatnonzero(np.abs(sound) > 0.01)[-1] / blocks[0].rate
        assert last - 0.05 < at < last + 0.1
    assert told(blocks) == sorted(told(blocks))


@needs_library
def test_a_run_without_spaces_does_not_kill_the_library(tts: EspeakTts) -> None:
    for text, language in (("好" * 300, "zh"), ("あ" * 200, "ja"), ("가나다라" * 60, "ko")):
        read = reading(SafeText(text, language))
        assert max(len(run.encode()) for run in read.text.split()) < 110
        found = told(list(tts.synthesize(SafeText(text, language), never)))
        assert found[-1][1] == len(text)
    assert reading(SafeText("a, " * 200, "en")).text == ("a, " * 200).strip()


@needs_library
@pytest.mark.parametrize("language", REPLIES)
def test_claims_are_true_at_any_moment(reader: Reader, language: str) -> None:
    dice, cuts = random.Random(0), Cuts(reader)
    for texts in REPLIES[language]:
        reply = [reader.say(text, language) for text in texts]
        length = sum(sentence.seconds for sentence in reply)
        for _ in range(15):
            at = dice.uniform(0, length)
            cuts.add(reply, at, at + 0.04)  # what a sound card has taken is heard
        assert spoken(reply).until(length) == " ".join(texts)
        assert heard(reply, length) == sum(len(sentence.over) for sentence in reply)
    errors = cuts.marks[language]
    assert sum(abs(error) <= 1 for error in errors) >= 0.95 * len(errors)
    assert max(map(abs, errors)) <= 2
    assert max(errors) <= 1


@needs_library
def test_a_sentence_that_is_still_being_made_is_claimed_too(tts: EspeakTts) -> None:
    blocks = list(tts.synthesize(SafeText("We go up, and then we go down.", "en"), never))
    result = Spoken()
    result.begin("We go up, and then we go down.")
    for block in blocks[:4]:
        result.extend(block.seconds, block.marks)
    assert result.until(result.seconds).startswith("We go up,")
    assert len(result.until(result.seconds)) < 20
