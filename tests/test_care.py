"""What the robot keeps in mind: whom its words have hurt, and that somebody was in danger."""

from __future__ import annotations

import pytest

from robot_voice.config import ToneConfig
from robot_voice.safety import SafetyScreen
from robot_voice.safety.care import (
    LEAST_LETTERS,
    MAX_REMEMBERED,
    MAX_SUPPRESSED,
    SOBER_SECONDS,
    Care,
    Said,
)
from robot_voice.safety.reading import Reading
from robot_voice.safety.rules import Sensitivity, rules
from robot_voice.safety_config import SafetyConfig
from robot_voice.types import Draft

CALM = Reading()
SAID = "You are late again."


def complain(care: Care, *texts: str, heard: str = "") -> tuple[str, ...]:
    """The robot says this, and somebody says that it hurt."""
    for text in texts:
        care.passed(Said(text, "en", scores={"hurt": 0.1}))
    hurtful = care.to_blame(heard or " ".join(texts))
    care.complained(hurtful)
    return tuple(one.text for one in hurtful)


@pytest.mark.parametrize(
    ("before", "after"), [("standard", "high"), ("high", "child"), ("child", "child")]
)
def test_the_first_complaint_makes_the_robot_more_careful(
    before: Sensitivity, after: Sensitivity
) -> None:
    screen = SafetyScreen(SafetyConfig(sensitivity=before))
    assert screen.rules() == rules(before)
    for _ in range(3):
        complain(screen.care, SAID)
        assert screen.care.sensitivity == after
        assert screen.rules() == rules(after)
    assert screen.care.complaints == 3


def test_each_sentence_of_what_hurt_is_never_said_again() -> None:
    screen = SafetyScreen(SafetyConfig())
    said = [("The blue cup is on the table.", "en"), ("파란 컵은 식탁 위에 있어요.", "ko")]
    for text, language in said:
        assert screen.screen(Draft(text, language)).action == "pass"
    complain(screen.care, *(text for text, _ in said), "Yes.")
    said += [("  the BLUE cup, is on the table!!", "en"), ("파란 컵은 식탁 위에 있어요", "ko")]
    for text, language in said:
        instead = screen.screen(Draft(text, language))
        assert (instead.action, instead.category) == ("replace", "suppressed")
        assert instead.text != text
    for text in ("Yes.", "The red cup is on the table.", "네."):
        assert not screen.care.is_suppressed(text), text


@pytest.mark.parametrize("text", ["Yes.", "네.", "No!", "...", "", "?!", "음, 네."])
def test_short_answers_stay_sayable(text: str) -> None:
    care = Care("standard")
    complain(care, text)
    assert sum(char.isalnum() for char in text) < LEAST_LETTERS
    assert not care.is_suppressed(text)
    assert care.complaints == 1


def test_the_sentence_that_is_likeliest_to_hurt_is_blamed() -> None:
    care = Care("standard")
    care.passed(Said("An old remark of yours.", "en", scores={"hurt": 0.9}))
    for text, hurt in [
        ("Good morning.", 0.001),
        ("You took your time.", 0.2),
        ("Well, well.", 0.12),
    ]:
        care.passed(Said(text, "en", scores={"hurt": hurt, "toxic": 0.0}))
    hurtful = care.to_blame("Good morning. You took your time. Well, well.")
    assert {one.text for one in hurtful} == {"You took your time.", "Well, well."}


def test_a_sentence_that_was_cut_short_is_blamed_as_a_whole() -> None:
    care = Care("standard")
    care.passed(Said("It took you 3.5 hours to answer, and I really think you are slow.", "en"))
    assert complain(care, heard="It took you 3.5 hours to answer, and I")
    assert care.is_suppressed("It took you 3.5 hours to answer, and I really think you are slow.")
    assert not care.to_blame("It")
    assert not care.to_blame("")


def test_only_the_latest_sentences_are_remembered() -> None:
    care = Care("standard")
    for number in range(3 * MAX_REMEMBERED):
        care.passed(Said(f"This is remark {number} of many.", "en"))
    assert not care.to_blame("This is remark 3 of many.")
    assert care.to_blame(f"This is remark {3 * MAX_REMEMBERED - 1} of many.")


def test_what_is_kept_is_the_digest_alone() -> None:
    asked: list[str] = []

    def digest(form: str) -> bytes:
        asked.append(form)
        return bytes(reversed(form.encode()))

    earlier = digest("youarelateagain")
    care = Care("standard", digest, [earlier])
    assert care.is_suppressed("You are late, again!")
    assert not care.is_suppressed("You are early again.")
    complain(care, "You are early again.")
    assert care.is_suppressed("You are early again.")
    assert set(asked) == {"youarelateagain", "youareearlyagain"}


def test_the_list_of_what_is_never_said_again_has_a_bound() -> None:
    care = Care("standard", suppressed=[str(n).encode() for n in range(MAX_SUPPRESSED)])
    complain(care, "You are late again.")
    assert not care.is_suppressed("You are late again.")
    assert care.sensitivity == "high"


def test_danger_is_not_forgotten_for_hours() -> None:
    screen = SafetyScreen(SafetyConfig())
    first = screen.answer("I want to die.", "en")
    screen.care.committed(Reading(danger="crisis"), 100.0)
    recited = screen.answer("I want to die.", "en")
    assert first is not None
    assert recited is not None
    assert recited.text == first.text  # nobody has heard it yet
    screen.script_heard(first.text)
    screen.care.committed(CALM, 200.0)
    again = screen.answer("I want to die.", "en")
    assert again is not None
    assert (first.action, again.action) == ("crisis", "crisis")
    assert len(again.text) < len(first.text)  # the robot stays, and does not recite
    cheer = screen.screen(Draft("Haha, nice.", "en", "What is next?"))
    assert (cheer.action, cheer.category) == ("replace", "out_of_place")
    screen.care.committed(CALM, 100.0 + SOBER_SECONDS)
    assert not screen.care.crisis
    assert screen.screen(Draft("Haha, nice.", "en", "What is next?")).action == "pass"


def test_somebody_elses_emergency_does_not_end_all_cheer() -> None:
    care = Care("standard")
    care.committed(Reading(danger="emergency"), 0.0)
    assert not care.crisis


def test_one_does_not_apologise_in_the_same_words_for_ever() -> None:
    screen = SafetyScreen(SafetyConfig())
    apologies = []
    for _ in range(12):
        apology = screen.answer("That hurt.", "en", said="You are late again.")
        assert apology is not None
        apologies.append(apology.text)
        complain(screen.care, "You are late again.")
    assert len(set(apologies)) >= 3


@pytest.mark.parametrize(
    ("language", "user"), [("en", "That hurt."), ("ko", "그 말은 상처가 됐어.")]
)
def test_an_apology_that_hurt_does_not_leave_the_robot_speechless(language: str, user: str) -> None:
    screen = SafetyScreen(SafetyConfig(), ToneConfig())
    said = "You are late again."
    for _ in range(10):  # each time the apology itself is what is complained about
        apology = screen.answer(user, language, said)
        assert apology is not None
        assert apology.category == "feedback"
        assert apology.text
        complain(screen.care, apology.text)
        said = apology.text
    assert screen.screen(Draft(said, language)).text != ""
