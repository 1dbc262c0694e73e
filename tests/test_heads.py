"""The linear heads: small, the same on every machine, and what a sum by hand gives."""

from __future__ import annotations

import io
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_voice.hangul import letters
from robot_voice.safety import heads
from robot_voice.safety.heads import LANGUAGES, Heads, probability
from robot_voice.safety.ngrams import BITS, buckets
from robot_voice.safety.normalise import normalise

DATA = Path(heads.__file__).with_name("data")
MOST_BYTES = 3_000_000

TEXTS = {
    "en": ["i am here for you.", "what a lovely day!", "it is 3 o'clock", "a", "..."],
    "ko": ["제가 곁에 있을게요.", "오늘은 날씨가 참 좋네요!", "지금은 3시예요", "네", "ㅠㅠ"],
}


def trained(language: str) -> Heads:
    found = heads.load(language)
    assert found is not None
    return found


# --- size ----------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_heads_are_small(language: str, record_property: Any) -> None:
    on_disk = (DATA / f"heads.{language}.npz").stat().st_size
    record_property("bytes", [trained(language).size, on_disk])
    assert 0 < trained(language).size <= MOST_BYTES
    assert 0 < on_disk <= MOST_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_weights_have_eight_bits(language: str) -> None:
    for group in trained(language).groups:
        assert group.weights.dtype == np.int8
        assert group.weights.shape == (2**group.bits, len(group.names))
        assert group.bits <= BITS
        assert group.scales.shape == group.biases.shape == (len(group.names),)
        assert np.isfinite(group.scales).all()
        assert np.isfinite(group.biases).all()
        assert (group.scales > 0).all()
        assert abs(group.weights).max(axis=0).min() > 60  # all bits are of use


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_holds_numbers_and_names_alone(language: str) -> None:
    data = (DATA / f"heads.{language}.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        kinds = {name: arrays[name].dtype.kind for name in arrays.files}
    assert set(kinds.values()) <= {"i", "u", "f", "U"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_is_of_one_kind(language: str) -> None:
    names = [group.names for group in trained(language).groups]
    for group in names:
        assert len({name.partition(".")[0] for name in group}) == 1
    flat = [name for group in names for name in group]
    assert len(set(flat)) == len(flat)
    assert {"reply.toxic", "reply.hurt", "reply.context", "user.urgent"} <= set(flat)


def test_other_languages_have_none() -> None:
    for language in ("de", "ja", "", "xx", "EN", "../heads.en", "en/"):
        assert heads.load(language) is None


@pytest.mark.parametrize("language", ["a" * 400, "en\x00"])
def test_what_is_no_language_has_none(language: str) -> None:
    assert heads.load(language) is None


# --- hashes --------------------------------------------------------------------

GOLDEN = {
    ("en", "You are kind."): (71, 11_677, 1_047_252, 32_301_525),
    ("ko", "참 친절하시네요."): (91, 5_414, 1_015_408, 43_087_416),
}
"""The number of buckets, the first and the last, and their sum. Weights belong to hashes: should
these change, the heads must be trained anew."""


@pytest.mark.parametrize(("language", "text"), GOLDEN)
def test_hashes_are_stable(language: str, text: str) -> None:
    found = buckets(normalise(text).loose, language)
    assert (len(found), found[0], found[-1], found.sum()) == GOLDEN[language, text]


def test_hashes_do_not_depend_on_the_process() -> None:
    program = (
        "from robot_voice.safety.ngrams import buckets;"
        "print(sum(buckets('you are kind 참', 'ko').tolist()))"
    )
    sums = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
            text=True,
            timeout=50,
        ).stdout
        for seed in ("1", "2")
    }
    assert sums == {f"{sum(buckets('you are kind 참', 'ko').tolist())}\n"}


def test_buckets_are_sorted_distinct_and_in_range() -> None:
    dice = random.Random(11)
    for _ in range(200):
        firsts = dice.choices([32, 97, 0xAC00, 0x3042, 0x1F600], k=dice.randint(0, 60))
        text = "".join(chr(first + dice.randint(0, 25)) for first in firsts)
        for language in ("en", "ko", "de", ""):
            found = buckets(text, language)
            assert len(found) > 0
            assert 0 <= found[0] <= found[-1] < 2**BITS
            assert (np.diff(found) > 0).all()


def test_all_digits_are_one_and_no_words_are_something() -> None:
    assert (buckets("at 3 o'clock", "en") == buckets("at 9 o'clock", "en")).all()
    assert min(len(buckets("", language)) for language in ("en", "ko", "de")) > 0


def test_broken_code_has_buckets() -> None:
    assert len(buckets("a \ud800 b", "en")) > 0


def test_letters_of_syllables() -> None:
    assert letters("강아지 a1") == "ㄱㅏㅇㅇㅏㅈㅣ a1"
    assert letters("닭") == "ㄷㅏㄺ"
    assert letters("가힣") == "ㄱㅏㅎㅣㅎ"


# --- sums ----------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["reply", "user"])
def test_a_logit_is_a_sum(language: str, kind: str) -> None:
    for text in TEXTS[language]:
        found = buckets(text, language).tolist()
        by_hand: dict[str, float] = {}
        for group in trained(language).groups:
            for column, name in enumerate(group.names):
                total = sum(int(group.weights[b >> (BITS - group.bits), column]) for b in found)
                logit = total * float(group.scales[column]) / math.sqrt(len(found))
                by_hand[name] = logit + float(group.biases[column])
        logits = trained(language).logits(text, kind)
        assert logits.keys() == {n.partition(".")[2] for n in by_hand if n.startswith(kind)}
        for name, logit in logits.items():
            assert logit == pytest.approx(by_hand[f"{kind}.{name}"], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", " ", "?", "\u200b", "\ud800", "a" * 400])
def test_any_text_has_finite_logits(language: str, text: str) -> None:
    for kind in ("reply", "user"):
        logits = trained(language).logits(text, kind)
        assert logits
        assert all(math.isfinite(logit) for logit in logits.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_kind_has_no_heads(language: str) -> None:
    assert trained(language).logits("hello", "song") == {}


def test_probabilities() -> None:
    assert probability(0.0) == 0.5
    assert probability(2.0) == pytest.approx(1 / (1 + math.exp(-2)))
    assert probability(50.0) == pytest.approx(1.0)
    assert probability(-50.0) == pytest.approx(0.0)


# --- what they have learnt -----------------------------------------------------


@pytest.mark.parametrize(
    ("language", "hurtful", "kind"),
    [
        ("en", "Honestly, nobody would miss you if you left.", "The bus leaves at nine."),
        ("en", "You will never be good enough for anyone.", "Your timer is set for ten minutes."),
        ("ko", "너 같은 애는 아무도 안 좋아해.", "버스는 아홉 시에 떠나요."),
        ("ko", "네가 하는 게 다 그렇지, 뭐.", "타이머를 십 분으로 맞췄어요."),
    ],
)
def test_hurtful_replies_are_far_from_kind_ones(language: str, hurtful: str, kind: str) -> None:
    def hurt(text: str) -> float:
        return trained(language).logits(normalise(text).loose, "reply")["hurt"]

    assert hurt(hurtful) > hurt(kind) + 2.0
