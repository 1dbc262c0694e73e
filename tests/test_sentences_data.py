"""Our own sentences, of which the heads are made: that they are many, clean and not alike."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from robot_voice.safety import lexicon
from robot_voice.safety.reading import EMOTIONS

SHARED = Path(os.environ.get("ROBOT_VOICE_SHARED", Path(__file__).parents[2] / "shared"))
DATA = Path(lexicon.__file__).with_name("data")
FILES = ["replies.en", "replies.ko", "users.en", "users.ko"]
REPLIES = FILES[:2]
CONTEXTS = ["context.en", "context.ko"]

COLUMNS = ["function", "language", "label", "text", "note"]
USER_LABELS = {*EMOTIONS, "none", "crisis", "third", "danger", "abuse", "feedback"}

OPEN = ["hurtcheck", "crisis", "emo", "obf"]
"""The open samples with a file for each language. Figures on them say nothing about sentences that
the heads have seen."""

LEAST_LETTERS = 4
"""Fewer are a word, which belongs to nobody."""

MOST_OF_ONE_BEGINNING = 0.06
MOST_ALIKE = {"replies": 0.01, "users": 0.02}
"""Shares. People show what they feel in few words, which are alike; replies have no such excuse."""
LEAST_WORDS_ALIKE = {"replies": 2, "users": 4}


class Line(NamedTuple):
    function: str
    language: str
    label: str
    text: str
    note: str


@cache
def rows(name: str) -> list[list[str]]:
    """With the heading."""
    text = (DATA / f"{name}.tsv").read_text("utf-8")
    assert text.endswith("\n")
    return [line.split("\t") for line in text[:-1].split("\n")]


@cache
def lines(name: str) -> list[Line]:
    return [Line(*row) for row in rows(name)[1:]]


def plain(text: str) -> str:
    """What is left of a sentence when only its letters and numbers count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\w]", "", text)


def words(text: str) -> tuple[str, ...]:
    stripped = (word.strip(".,!?~…'\"").casefold() for word in text.split())
    return tuple(word for word in stripped if word)


def beginning(text: str) -> tuple[str, ...]:
    """Two words: one is often no more than a pronoun."""
    return words(text)[:2]


def alike(name: str, least_words: int) -> list[str]:
    """Lines that are an earlier line of the same function but for one word."""
    seen: set[tuple[str, ...]] = set()
    found = []
    for line in lines(name):
        said = words(line.text)
        if len(said) < least_words:
            continue
        gaps = {(line.function, *said[:n], "\t", *said[n + 1 :]) for n in range(len(said))}
        if gaps & seen:
            found.append(line.text)
        seen |= gaps
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_line_has_its_columns(name: str) -> None:
    heading, *rest = rows(name)
    assert heading == COLUMNS
    assert {len(row) for row in rest} == {len(COLUMNS)}
    kind, language = name.split(".")
    assert {line.language for line in lines(name)} == {language}
    for line in lines(name):
        assert line.text == line.text.strip() != "", line
        assert len(line.text) <= 400, line
        assert re.fullmatch(r"[a-z]_[a-z_]+", line.function), line
        if kind == "users":
            assert line.label in USER_LABELS, line
        else:  # h_ are hurtful, b_ benign
            assert line.label == ("1" if line.function.startswith("h_") else "0"), line


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_context_has_a_reply_that_fits_and_one_that_does_not(name: str) -> None:
    heading, *rest = rows(name)
    assert heading == ["situation", "language", "user", "bad", "good"]
    assert len(rest) >= 300
    for row in rest:
        assert len(row) == len(heading), row
        situation, language, user, bad, good = row
        assert situation
        assert language == name[-2:]
        assert all(text == text.strip() != "" for text in (user, bad, good)), row
        assert bad != good, row
    assert len({(row[2], row[3]) for row in rest}) == len(rest)


@pytest.mark.parametrize("name", [*FILES, *CONTEXTS])
def test_no_line_has_characters_nobody_types(name: str) -> None:
    # Format characters are how disguised words are disguised.
    odd = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
    for row in rows(name):
        for text in row:
            assert not {unicodedata.category(char) for char in text} & set(odd), row
            assert "\ufeff" not in text, row


@pytest.mark.parametrize("name", REPLIES)
def test_there_are_many_of_each_kind(name: str, record_property: Any) -> None:
    labels = Counter(line.label for line in lines(name))
    functions = Counter(line.function for line in lines(name))
    record_property("lines", dict(labels))
    assert labels["1"] >= 1500
    assert labels["0"] >= 1500
    assert sum(name.startswith("h_") for name in functions) >= 15
    assert sum(name.startswith("b_") for name in functions) >= 15
    assert min(functions.values()) >= 40, functions


@pytest.mark.parametrize("name", ["users.en", "users.ko"])
def test_there_are_many_of_what_users_say(name: str) -> None:
    labels = Counter(line.label for line in lines(name))
    assert set(labels) == USER_LABELS
    assert min(labels.values()) >= 200, labels


@pytest.mark.parametrize("name", FILES)
def test_no_line_is_there_twice(name: str) -> None:
    if name in REPLIES:
        texts = Counter(line.text for line in lines(name))
    else:  # the same words may show two things: sadness, and danger
        texts = Counter(f"{line.label}\t{line.text}" for line in lines(name))
    assert not [text for text, times in texts.items() if times > 1]


@pytest.mark.parametrize("name", REPLIES)
def test_no_sentence_is_both_hurtful_and_benign(name: str) -> None:
    label: dict[str, str] = {}
    for line in lines(name):
        assert label.setdefault(plain(line.text) or line.text, line.label) == line.label, line


def sentences(name: str) -> Iterator[str]:
    """All that the heads are made of."""
    for line in lines(name):
        yield line.text
    for row in rows(name.replace("replies", "context").replace("users", "context"))[1:]:
        yield from row[2:]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("sample", [*OPEN, "ctx"])
def test_no_open_sample_is_among_them(sample: str, language: str) -> None:
    name = sample if sample == "ctx" else f"{sample}_{language}"
    file = SHARED / "safety" / f"{name}.jsonl"
    if not file.is_file():
        pytest.skip(f"{file} is not there (set ROBOT_VOICE_SHARED)")
    open_rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    texts = {plain(row["text"]) for row in open_rows if row["lang"] == language}
    theirs = {text for text in texts if len(text) >= LEAST_LETTERS}
    assert theirs
    ours = {
        plain(text) for kind in ("replies", "users") for text in sentences(f"{kind}.{language}")
    }
    both = theirs & ours
    assert not both, f"{len(both)} of {len(theirs)}"


@pytest.mark.parametrize("name", FILES)
def test_lines_begin_in_many_ways(name: str) -> None:
    begins = Counter(beginning(line.text) for line in lines(name))
    ((first, times),) = begins.most_common(1)
    assert times <= MOST_OF_ONE_BEGINNING * len(lines(name)), first


@pytest.mark.parametrize("name", REPLIES)
def test_lines_of_a_function_begin_in_many_ways(name: str) -> None:
    begins: dict[str, Counter[tuple[str, ...]]] = {}
    for line in lines(name):
        begins.setdefault(line.function, Counter())[beginning(line.text)] += 1
    for function, counted in begins.items():
        ((first, times),) = counted.most_common(1)
        assert times <= MOST_OF_ONE_BEGINNING * counted.total(), (function, first)


@pytest.mark.parametrize("name", FILES)
def test_lines_do_not_differ_in_one_word_only(name: str, record_property: Any) -> None:
    kind = name.split(".")[0]
    found = alike(name, LEAST_WORDS_ALIKE[kind])
    record_property("alike", len(found))
    assert len(found) <= MOST_ALIKE[kind] * len(lines(name)), found[:20]
