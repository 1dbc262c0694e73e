"""What the robot keeps in mind: whom its words have hurt, and that somebody was in danger."""

from __future__ import annotations

import pytest

from robot_voice.config import ToneConfig
from robot_voice.safety import SafetyScreen
from robot_voice.safety.care import LEAST_LETTERS, MAX_SUPPRESSED, Care, sentences
from robot_voice.safety.reading import Reading
from robot_voice.safety.rules import Sensitivity, rules
from robot_voice.safety_config import SafetyConfig
from robot_voice.types import Draft

HURT = Reading(feedback=True)
CALM = Reading()
SAID = "You are late again. Yes. 또 늦으셨네요!"


@pytest.mark.parametrize(
    ("before", "after"), [("standard", "high"), ("high", "child"), ("child", "child")]
)
def test_the_first_complaint_makes_the_robot_more_careful(
    before: Sensitivity, after: Sensitivity
) -> None:
    screen = SafetyScreen(SafetyConfig(sensitivity=before))
    assert screen.rules() == rules(before)
    for _ in range(3):
        screen.care.heard(HURT, SAID)
        assert screen.care.sensitivity == after
        assert screen.rules() == rules(after)
    assert screen.care.complaints == 3


def test_each_sentence_of_what_hurt_is_never_said_again() -> None:
    screen = SafetyScreen(SafetyConfig())
    said = [("The blue cup is on the table.", "en"), ("파란 컵은 식탁 위에 있어요.", "ko")]
    for text, language in said:
        assert screen.screen(Draft(text, language)).action == "pass"
    screen.care.heard(HURT, " ".join(text for text, _ in said) + " Yes.")
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
    care.heard(HURT, text)
    assert sum(char.isalnum() for char in text) < LEAST_LETTERS
    assert not care.is_suppressed(text)
    assert care.complaints == bool(text)


def test_without_a_complaint_or_anything_said_nothing_changes() -> None:
    care = Care("standard")
    care.heard(CALM, SAID)
    care.heard(HURT, "")
    assert (care.sensitivity, care.complaints, care.crisis) == ("standard", 0, False)
    assert not any(care.is_suppressed(sentence) for sentence in sentences(SAID))


def test_what_is_kept_is_the_digest_alone() -> None:
    asked: list[str] = []

    def digest(form: str) -> bytes:
        asked.append(form)
        return bytes(reversed(form.encode()))

    earlier = digest("youarelateagain")
    care = Care("standard", digest, [earlier])
    assert care.is_suppressed("You are late, again!")
    assert not care.is_suppressed("You are early again.")
    care.heard(HURT, "You are early again.")
    assert care.is_suppressed("You are early again.")
    assert set(asked) == {"youarelateagain", "youareearlyagain"}


def test_the_list_of_what_is_never_said_again_has_a_bound() -> None:
    care = Care("standard", suppressed=[str(n).encode() for n in range(MAX_SUPPRESSED)])
    care.heard(HURT, "You are late again.")
    assert not care.is_suppressed("You are late again.")
    assert care.sensitivity == "high"


def test_danger_is_not_forgotten() -> None:
    screen = SafetyScreen(SafetyConfig())
    first = screen.answer("I want to die.", "en")
    screen.care.heard(Reading(danger="crisis"), "")
    screen.care.heard(CALM, "I am here.")
    assert screen.care.crisis
    again = screen.answer("I want to die.", "en")
    assert first is not None
    assert again is not None
    assert (first.action, again.action) == ("crisis", "crisis")
    assert len(again.text) < len(first.text)  # the robot stays, and does not recite
    cheer = screen.screen(Draft("Haha, nice.", "en", "What is next?"))
    assert (cheer.action, cheer.category) == ("replace", "out_of_place")


def test_one_does_not_apologise_in_the_same_words_for_ever() -> None:
    screen = SafetyScreen(SafetyConfig())
    apologies = []
    for _ in range(12):
        apology = screen.answer("That hurt.", "en", said="You are late again.")
        assert apology is not None
        apologies.append(apology.text)
        screen.care.heard(HURT, "You are late again.")
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
        screen.care.heard(HURT, apology.text)
        said = apology.text
    assert screen.screen(Draft(said, language)).text != ""


def test_sentences_of_a_text() -> None:
    assert sentences("One. Two?! 셋。넷") == ["One.", "Two?!", "셋。", "넷"]
    assert sentences("") == []
