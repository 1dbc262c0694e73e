"""Nothing unscreened reaches the voice, whatever fails; and the robot goes on.

``python -m scripts.bench.faults`` does the same with more faults.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from robot_voice.safety import SafetyScreen
from robot_voice.safety_config import SafetyConfig
from robot_voice.types import Draft, SafeText
from scripts.bench.faults import CLEAN, Stage, doubtful, hold, inject, templates
from tests.screen_faults import LONG, WAYS, Trial, replies, trial
from tests.virtual_time import run

FAULTS = 120


class Careless(SafetyScreen):
    """A screen that passes everything, and keeps to the rules otherwise."""

    def screen(self, draft: Draft) -> SafeText:
        return SafeText(draft.text, draft.language)


@pytest.fixture(scope="module")
def screen() -> SafetyScreen:
    return SafetyScreen(SafetyConfig(), rewrites=True)


def test_no_fault_lets_anything_unscreened_through(record_property: Any) -> None:
    result = inject(FAULTS, seed=23)
    record_property("faults", dict(result.faults))
    assert result.faults.total() >= FAULTS
    assert set(result.faults) == set(WAYS)  # each kind came about
    assert not result.unscreened
    assert not result.dead
    assert result.spoken - result.replaced > FAULTS  # the robot did talk
    assert result.replaced > 10


# --- that the checks would notice ----------------------------------------------


def test_a_careless_screen_would_be_noticed(screen: SafetyScreen) -> None:
    hurtful = "You are stupid."
    trials = [Trial("half words", hurtful, [hurtful]) for _ in range(3)]
    assert not hold(trials, screen, screen).unscreened
    careless = Careless(SafetyConfig(), rewrites=True)
    assert hold(trials, careless, screen).unscreened == [hurtful] * 3


def test_a_sentence_past_the_screen_would_be_noticed(screen: SafetyScreen) -> None:
    trials = [Trial("half words", "", ["The bus leaves at nine."])]
    stage = Stage(trials, screen)
    honest = stage.gate

    async def double(draft: Draft) -> SafeText:
        return replace(await honest(draft))  # the same words, but not what the screen made

    stage.world.gate = double

    async def scenario() -> None:
        await stage.world.run(until=stage.seconds)

    run(scenario())
    assert "The bus leaves at nine." in stage.result(screen).unscreened


def test_a_robot_that_went_silent_would_be_noticed(screen: SafetyScreen) -> None:
    stage = Stage([Trial("voice fails", "", ["The bus leaves at nine."])], screen)
    stage.world.fails = "llm"

    async def scenario() -> None:
        await stage.world.run(until=stage.seconds)

    run(scenario())
    assert stage.result(screen).dead == ["voice fails"]


# --- what is injected ----------------------------------------------------------


def test_the_faults_are_what_they_are_called(screen: SafetyScreen) -> None:
    dice, pool = random.Random(1), doubtful(screen)
    assert len(pool) >= 10
    made = {kind: [trial(kind, dice, pool) for _ in range(30)] for kind in WAYS}
    assert {len("".join(one.tokens)) for one in made["without end"]} == {LONG}
    assert not any(" " in "".join(one.tokens) for one in made["without end"])
    assert any("\ud83d" in "".join(one.tokens) for one in made["broken code"])
    assert any("." in one.reply for one in made["no full stop"])
    assert not any("." in "".join(one.tokens) for one in made["no full stop"])
    assert any("" in one.tokens for one in made["empty tokens"])
    assert all(one.interrupted for one in made["interrupted"])
    for one in made["half words"]:
        assert "".join(one.tokens) == one.reply
    assert {made[f"{engine} fails"][0].fails for engine in ("model", "rewriting", "voice")} == {
        "llm",
        "rewrite",
        "tts",
    }


def test_hurtful_and_benign_sentences_are_drawn() -> None:
    hurtful, benign = replies()
    assert min(len(hurtful), len(benign)) >= 1500
    assert not set(hurtful) & set(benign)


def test_the_robots_own_sentences_are_known(screen: SafetyScreen) -> None:
    for text in ("You are stupid.", "Kill yourself.", "\ud800", "x" * 500, "안녕하세요, 여러분."):
        assert screen.screen(Draft(text, "en")).text in templates()
    assert not any("{" in text for text in templates())
    for number in (1, 57):
        said = screen.screen(Draft(CLEAN.format(number), "en", f"which bus is number {number}?"))
        assert said.action == "pass"
