"""The robot's own fixed sentences, and the numbers they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import pytest

from robot_voice.config import ToneConfig
from robot_voice.safety import lexicon
from robot_voice.safety.normalise import normalise
from robot_voice.safety.templates import (
    HelplineKind,
    KoreanLevel,
    helpline,
    read_helplines,
    template,
)
from robot_voice.safety.tone import off_style, speech_level

LEVELS: tuple[KoreanLevel, ...] = get_args(KoreanLevel)


def fixed_texts() -> Iterator[tuple[str, KoreanLevel, str, str]]:
    """Language, level, category and text of all that is said in Korean and English."""
    data = lexicon.read_data("templates.toml")
    for level in LEVELS:
        for category, texts in data["ko"][level].items():
            yield from (("ko", level, category, text) for text in texts)
    for category, texts in data["en"].items():
        yield from (("en", "해요체", category, text) for text in texts)


def test_every_template_is_in_the_style_it_is_said_in() -> None:
    for language, level, category, text in fixed_texts():
        for formality in ("casual", "polite", "formal"):
            tone = ToneConfig(korean_level=level, formality=formality, detail=1)
            assert off_style(text, language, tone) == "", (category, text)
        if language == "ko":
            sentences = re.split(r"(?<=[.?!]) ", text)
            assert [speech_level(part) for part in sentences] == [level] * len(sentences), text


def test_no_template_breaks_a_rule_of_words() -> None:
    for _, _, category, text in fixed_texts():
        assert not list(lexicon.load().hits(normalise(text))), (category, text)


def test_no_template_begins_with_yes_or_no() -> None:
    for _, _, category, text in fixed_texts():
        assert not re.match(r"(?:yes|no|네|예|응|아니요?|그렇습니다)[,.!]", text, re.IGNORECASE), (
            category
        )


def test_every_level_has_the_same_categories_and_several_texts() -> None:
    data = lexicon.read_data("templates.toml")
    for level in LEVELS:
        assert set(data["ko"][level]) == set(data["en"])
    once = {"crisis", "crisis_third", "emergency", "apology", "cannot_translate", "wrong_language"}
    once |= {"microphone_gone", "microphone_back"}
    once |= {name for name in data["en"] if name.startswith(("memory_", "action_"))}
    for language, _, category, text in fixed_texts():
        texts = data["en"][category]
        assert category in once or len(texts) >= 2
        assert not re.search(r"filter|block|필터|차단|검열", text)
        assert len(text) <= 200 or category.startswith("crisis"), (language, text)


def test_every_lexicon_category_has_words_of_its_own() -> None:
    texts = lexicon.read_data("templates.toml")["en"]
    for language in ("en", "ko"):
        for table in lexicon.read_data(f"lexicon.{language}.toml")["rule"]:
            assert table["category"] in texts


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_apology_is_one_apology(language: str, level: KoreanLevel) -> None:
    said = {template("feedback", language, level, instead_of=f"{n}").text for n in range(40)}
    assert len(said) >= 3
    for text in said:
        assert len(re.findall(r"sorry|죄송|미안", text, re.IGNORECASE)) == 1
        assert not re.search(
            r"\bbut\b|\bonly\b|joke|하지만|그런데|농담|오해", text
        )  # nothing is argued


# --- whom to call --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "language", "kind", "number"),
    [
        ("KR", "ko", "suicide", "109"),
        ("KR", "en", "suicide", "109"),
        ("KR", "ko", "emergency", "119"),
        ("KR", "ko", "police", "112"),
        ("KR", "ko", "women", "1366"),
        ("KR", "ko", "youth", "1388"),
        ("KR", "ko", "mental", "1577-0199"),
        ("kr", "ko", "suicide", "109"),
        ("US", "en", "suicide", "988"),
        ("US", "en", "women", "911"),
        ("GB", "en", "suicide", "116 123"),
        ("JP", "ja", "suicide", "119"),
        ("EU", "de", "suicide", "112"),
        ("", "ko", "suicide", "109"),
        ("", "en", "suicide", "988"),
        ("", "en", "emergency", "112"),
    ],
)
def test_helplines(region: str, language: str, kind: str, number: str) -> None:
    assert number in helpline(region, language, kind)


def test_no_number_is_made_up_for_a_region_that_is_not_known() -> None:
    for language in ("en", "ko", "de"):
        assert not re.search(r"\d", helpline("XX", language, "suicide"))


def test_every_number_has_a_source_and_is_in_its_words() -> None:
    table = read_helplines()
    assert "verify" in table["checked"]
    regions = {code: kinds for code, kinds in table.items() if code.isupper()}
    assert {"KR", "US", "GB", "EU"} <= set(regions)
    assert set(table["default"].values()) <= set(regions)
    for code, kinds in regions.items():
        assert "emergency" in kinds
        for kind, line in kinds.items():
            assert kind in get_args(HelplineKind)
            assert line["source"]
            for language in ("en", "ko"):
                assert code == "ANYWHERE" or line["number"] in line[language]


@pytest.mark.parametrize("region", ["", "KR", "US", "GB", "XX"])
@pytest.mark.parametrize("category", ["crisis", "crisis_stay", "crisis_third", "emergency"])
def test_scripts_name_the_numbers_of_the_region(category: str, region: str) -> None:
    for language in ("en", "ko"):
        for n in range(8):
            said = template(category, language, "해요체", "crisis", f"{n}", region)
            assert "{" not in said.text
            assert len(said.text) < 400
            if category != "emergency":
                assert helpline(region, language, "suicide") in said.text
            if category in ("crisis", "crisis_third"):
                assert "safe" in said.text or "안전" in said.text


@pytest.mark.parametrize("language", ["ja", "zh", "de", "es"])
def test_scripts_of_other_languages_name_the_numbers_of_the_region(language: str) -> None:
    for category in ("crisis", "crisis_stay", "crisis_third", "emergency"):
        kind = "emergency" if category == "emergency" else "suicide"
        for region in ("KR", "US", "JP", "DE", "EU", "", "XX"):
            for n in range(8):
                said = template(category, language, "해요체", "crisis", f"{n}", region)
                assert said.language == language
                assert helpline(region, language, kind) in said.text
                assert "{" not in said.text
        texts = lexicon.read_data("templates.toml")[language][category]
        assert not any(re.search(r"\d", text) for text in texts)  # numbers are the region's


def test_staying_with_somebody_says_one_thing_and_the_number() -> None:
    data = lexicon.read_data("templates.toml")
    tables = [data[language] for language in ("en", "ja", "zh", "de", "es")]
    for table in [*tables, *(data["ko"][level] for level in LEVELS)]:
        assert len(table["crisis_stay"]) >= 3
        for text in table["crisis_stay"]:
            assert text.count("{suicide}") == 1
            assert len(re.findall(r"[.?？。]", text)) == 2, text
