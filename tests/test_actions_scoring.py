"""Which command was meant, by a model's probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from robot_voice.actions.commands import CommandTable, load_commands
from robot_voice.actions.scoring import LONGEST, MOST, NOTHING, Chooser
from robot_voice.types import Action, Transcript

DEMO = Path(__file__).parents[1] / "configs" / "actions" / "demo.toml"


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return load_commands(DEMO)


class FakeModel:
    """Finds these texts likely after words, and short texts likely after anything."""

    def __init__(self, **likely: float) -> None:
        self.likely = {text.replace("_", " "): p for text, p in likely.items()}
        self.asked: list[tuple[str, Sequence[str]]] = []

    def __call__(self, prompt: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append((prompt, texts))
        words = "'...'" not in prompt
        return [
            -0.5 * len(text) + (math.log(self.likely.get(text, 0.01)) if words else math.log(0.01))
            for text in texts
        ]


def say(text: str) -> Transcript:
    return Transcript(text, "en")


def test_the_likeliest_is_chosen(table: CommandTable) -> None:
    model = FakeModel(turn_left=0.9)
    found = Chooser(table, model)(say("make a turn to left side"))
    assert found is not None
    assert (found.how, found.action) == ("scored", Action("turn", {"direction": "left"}))
    texts = model.asked[0][1]
    assert NOTHING in texts and len(texts) <= MOST + 1


def test_every_action_is_a_candidate_once(table: CommandTable) -> None:
    model = FakeModel()
    Chooser(table, model)(say("turn turn turn"))
    phrases = [text for text in model.asked[0][1] if text != NOTHING]
    actions = [(table.actions[text].name, *table.actions[text].arguments) for text in phrases]
    assert len(phrases) == len({repr(table.actions[text]) for text in phrases})
    assert "turn" in {action[0] for action in actions}


def test_korean_is_compared_by_its_syllables(table: CommandTable) -> None:
    model = FakeModel(왼쪽으로돌아=0.95)
    found = Chooser(table, model)(say("왼쪽으로 조금 몸을 돌아 볼까"))
    assert found is not None
    assert found.action == Action("turn", {"direction": "left"})


@pytest.mark.parametrize(
    "model",
    [
        FakeModel(),
        FakeModel(turn_left=0.5, turn_right=0.5),
        FakeModel(**{NOTHING.replace(" ", "_"): 0.9, "turn_left": 0.3}),
    ],
)
def test_a_model_that_is_not_sure_does_nothing(table: CommandTable, model: FakeModel) -> None:
    assert Chooser(table, model)(say("make a turn to left side")) is None
    assert model.asked


@pytest.mark.parametrize("text", ["", "please", "x" * (LONGEST + 1), "ごめんなさい zzz vvv kkk"])
def test_the_model_is_not_asked_about_everything(table: CommandTable, text: str) -> None:
    model = FakeModel(turn_left=0.9)
    assert Chooser(table, model)(say(text)) is None
    assert not model.asked
