"""The language policy, over probabilities as detectors give them."""

from __future__ import annotations

import math
import random

import pytest

from robot_voice.asr.language import MARGIN, choose_language

ALLOWED = ("en", "ko")


def test_a_clear_winner_wins() -> None:
    assert choose_language({"en": 0.02, "ko": 0.98}, ALLOWED, "en") == ("ko", 0.98)


def test_only_the_allowed_ones_share_the_probability() -> None:
    language, certainty = choose_language({"ja": 0.7, "ko": 0.24, "en": 0.06}, ALLOWED, "en")
    assert language == "ko"
    assert certainty == pytest.approx(0.8)


@pytest.mark.parametrize("previous", ALLOWED)
def test_a_close_call_stays_with_the_language_before(previous: str) -> None:
    language, certainty = choose_language({"en": 0.55, "ko": 0.45}, ALLOWED, previous)
    assert language == previous
    assert certainty == pytest.approx({"en": 0.55, "ko": 0.45}[previous])


def test_a_close_call_between_two_goes_to_a_third_only_if_it_came_before() -> None:
    probabilities = {"en": 0.45, "de": 0.44, "ko": 0.11}
    assert choose_language(probabilities, ("en", "de", "ko"), "ko")[0] == "ko"


def test_a_language_that_is_not_allowed_is_never_returned() -> None:
    assert choose_language({"en": 0.5, "ko": 0.5}, ALLOWED, "ja")[0] in ALLOWED
    assert choose_language({}, ALLOWED, "ja") == ("en", 0.0)


def test_no_evidence_keeps_the_language_before() -> None:
    assert choose_language({"fr": 1.0}, ALLOWED, "ko") == ("ko", 0.0)
    assert choose_language({"en": math.nan, "ko": -1.0}, ALLOWED, "ko") == ("ko", 0.0)


def test_one_allowed_language_is_certain() -> None:
    assert choose_language({"ko": 0.01, "en": 0.99}, ("ko",), "ko") == ("ko", 1.0)


def test_it_is_total_and_consistent() -> None:
    dice = random.Random(1)
    codes = ["en", "ko", "ja", "zh", "de"]
    for _ in range(500):
        allowed = dice.sample(codes, dice.randint(1, 5))
        probabilities = {code: dice.random() ** 4 for code in dice.sample(codes, 3)}
        previous = dice.choice(codes)
        language, certainty = choose_language(probabilities, allowed, previous)
        assert language in allowed
        assert 0.0 <= certainty <= 1.0
        best = max(allowed, key=lambda code: probabilities.get(code, 0.0))
        if language != best and sum(probabilities.get(code, 0.0) for code in allowed) > 0:
            assert language == previous
            total = sum(probabilities.get(code, 0.0) for code in allowed)
            ranked = sorted((probabilities.get(code, 0.0) for code in allowed), reverse=True)
            assert (ranked[0] - ranked[1]) / total < MARGIN
