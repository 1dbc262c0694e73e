"""Written words become spoken words, and every character knows where it came from."""

from __future__ import annotations

import random
import re
import unicodedata
from importlib import resources

import pytest

from robot_voice.traced import Traced
from robot_voice.tts import wording
from robot_voice.tts.speakable import read_out, speakable
from robot_voice.tts.wording import japanese_kana

from .spoken_words import CHINESE, ENGLISH, JAPANESE, KANA


@pytest.mark.parametrize(("written", "said"), ENGLISH)
def test_english(written: str, said: str) -> None:
    assert wording.read(Traced.of(written), "en-us").text == said


@pytest.mark.parametrize(("written", "said"), CHINESE)
def test_chinese(written: str, said: str) -> None:
    assert wording.read(Traced.of(written), "zh").text == said


@pytest.mark.parametrize(("written", "said"), JAPANESE)
def test_japanese_without_a_dictionary(
    written: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(japanese_kana, "_dictionary", lambda: None)
    assert not japanese_kana.available()
    assert wording.read(Traced.of(written), "ja").text == said


@pytest.mark.skipif(not japanese_kana.available(), reason="the extra [ja] is not installed")
@pytest.mark.parametrize(("written", "said"), KANA)
def test_japanese_with_a_dictionary(written: str, said: str) -> None:
    assert wording.read(Traced.of(written), "ja").text == said


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("**Call** [911](https://a.b), item #5, ~10 *km*", "en",
         "Call nine one one, item number five, about ten kilometers"),
        ("See https://x.y/z?q=1&p=2, or a_b@c.org.", "en",
         "See link, or a underscore b at c dot org."),
        ("２０２４年５月１００％", "ja", "ニセンニジュウヨネンゴガツヒャクパーセント"),
        ("３０％😊", "zh", "百分之三十"),
        ("3 * 4 = 12, `code` [[x]]", "en", "three times four equals twelve, code x"),
        ("Am 3.5.2024 um 15:30 Uhr", "de", "Am 3.5.2024 um 15:30 Uhr"),
        ("### 😊 ...", "en", ""),
        ("", "zh", ""),
    ],
)  # fmt: skip
def test_read_out(text: str, language: str, said: str) -> None:
    assert read_out(text, language).text == said
    assert bool(said) == bool(speakable(text, language))


@pytest.mark.parametrize(
    "sentence",
    ["You can call {}, at any time.", "Please call for help now: {}.", "For the police, call {}."],
)
def test_numbers_of_help_are_said_digit_by_digit(sentence: str) -> None:
    path = resources.files("robot_voice") / "safety" / "data" / "helplines.toml"
    lines = re.findall(r'^en = "(.*\d.*)"$', path.read_text("utf-8"), re.M)
    assert len(lines) > 20
    for line in (line.removeprefix("triple zero, ") for line in lines):
        said = read_out(sentence.format(line), "en").text
        names = [wording.read(Traced.of(digit), "en").text for digit in re.findall(r"\d", line)]
        spoken = rf"\b(?:{'|'.join(names)}|hundred|thousand|\w+teen|\w+ty)\b"
        assert re.findall(spoken, said) == names, said


def test_where_words_came_from() -> None:
    text = "**Dr.** Cafe\u0301, 555-1234: $5"
    read = read_out(text, "en")
    assert read.text == "Doctor Café, five five five, one two three four: five dollars"

    def heard(words: str) -> str:
        return text[: read.over(read.text.index(words) + len(words))]

    assert heard("Doctor") == "**Dr.** "[:7]
    assert heard("Caf") == "**Dr.** Caf"
    assert heard("Café") == "**Dr.** Cafe\u0301"
    assert heard("five five five") == "**Dr.** Cafe\u0301, 555"
    assert heard("one two three") == "**Dr.** Cafe\u0301, 555-123"
    assert heard("five dollars") == text
    assert text[: read.over(len(read.text) - 1)].endswith(": ")  # half a price is none


_PARTS = [
    *"0123456789", *"  .,:/-+%#$€¥~*_=&@'()", *"abAIkmg年月日時分本人个点第约万円",
    "\u0301", "é", "12", "3.5", "2024", "km/h", "°C", "½", "a.m.", " May ", "Dr.", "call ",
    "电话", "５", "가", "😊", "1" * 20, "**", "https://a.b ", "3:30", "2024-05-03", "III", "<b>",
    "010-1234-5678", "\u200b", "\n- ",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ja", "ko", "zh", "fr"])
def test_any_text_is_read_and_traced(language: str) -> None:
    chance = random.Random(7)
    for _ in range(400):
        text = "".join(chance.choices(_PARTS, k=chance.randint(1, 25)))
        read = read_out(text, language)
        size = len(read.text)
        assert len(read.starts) == len(read.ends) == size
        places = zip(read.starts, read.ends, strict=True)
        assert all(0 <= first < last <= len(text) for first, last in places)
        over = [read.over(count) for count in range(size + 1)]
        assert over == sorted(over)
        assert over[-1] <= len(text)
        if language in ("en", "ja", "zh"):
            assert not any(char.isdecimal() for char in read.text), (text, read.text)


@pytest.mark.parametrize("language", ["en", "ja", "zh"])
@pytest.mark.parametrize(
    "form", ["{}", "${}.50", "{}万円", "{}/{}", "{}年", "{}:{}", "{}th", "{}km"]
)
def test_a_number_without_end(language: str, form: str) -> None:
    read = read_out(form.replace("{}", "1" * 5000), language)  # int() refuses as much
    assert len(read.text) >= 5000


def test_composed_as_unicode_does() -> None:
    chance = random.Random(3)
    letters = "eoa가갸ᄀ\u1161\u11a8\u0301\u0323\u0308\u3099かは\u212b x"
    for _ in range(500):
        text = "x" + "".join(chance.choices(letters, k=8)) + "x"
        assert read_out(text, "fr").text == " ".join(unicodedata.normalize("NFC", text).split())
