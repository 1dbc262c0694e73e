"""What is understood though it was misheard, and what is not taken for a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_voice.actions.commands import CommandTable, Found, load_commands
from robot_voice.actions.matching import MOST_COST, forgiven
from robot_voice.actions.numerals import value
from robot_voice.actions.sounds import edits, korean, latin
from robot_voice.types import Action, Transcript
from scripts.bench.sayings import Saying, heard, written

DEMO = Path(__file__).parents[1] / "configs" / "actions" / "demo.toml"
HELD_OUT = list(written("held_out"))


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return load_commands(DEMO)


def find(table: CommandTable, text: str) -> Found | None:
    return table.find(Transcript(text, "ko" if text > "가" else "en"))


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Turn lift.", Action("turn", {"direction": "left"})),
        ("Turn write, please.", Action("turn", {"direction": "right"})),
        ("Come hear!", Action("come_here")),
        ("Could you fallow me?", Action("follow_me")),
        ("Go to the bed room.", Action("go_to", {"room": "bedroom"})),
        ("Turn lift ninety degrees.", Action("turn", {"direction": "left", "angle": "90"})),
        ("왼쪽으로 도라 줘.", Action("turn", {"direction": "left"})),
        ("오른쪼그로 돌아.", Action("turn", {"direction": "right"})),
        ("이쪽으로 와조.", Action("come_here")),
        ("이러나 주세요.", Action("stand")),
        ("왼쪼그로 90도 도라 줘.", Action("turn", {"direction": "left", "angle": "90"})),
    ],
)
def test_what_sounds_the_same_is_understood(table: CommandTable, text: str, action: Action) -> None:
    found = find(table, text)
    assert found is not None
    assert (found.how, found.action) == ("near", action)
    assert table.match(Transcript(text, "en")) is None, "match is to the letter"


NO_COMMANDS = [
    *("let me know", "burn it down", "go to the bathroom", "great", "city town", "for me"),
    *("turned left", "turning left", "don't turn left", "he turns left", "turn lift ninety"),
    *("stop it he said", "lights awn or off", "you look at me", "look at they", "x" * 200),
    *("멈췄어", "왼쪽으로 돌았어", "왼쪽으로 돌지 마", "앞으로 갔어", "불 껐어", "따라왔어요"),
    *("왼쪽으로 돌면", "손을 흔들었어", "고개를 끄덕이네", "일어나니", "안 따라와", "가" * 200),
    *("turn left nine hundred degrees", "왼쪽으로 구백 도 돌아", "90", "구십 도", "ꀀ", ""),
]


@pytest.mark.parametrize("text", NO_COMMANDS)
def test_what_means_something_else_is_not(table: CommandTable, text: str) -> None:
    assert find(table, text) is None


@pytest.mark.parametrize("ending", ["n", "ff"])
def test_between_two_meanings_nothing_is_done(table: CommandTable, ending: str) -> None:
    assert find(table, f"turn the lights o{ending}") is not None
    assert find(table, "turn the lights o") is None


def test_the_held_out_sayings(table: CommandTable) -> None:
    answers = [(saying, find(table, saying.text)) for saying in HELD_OUT]
    fired = [(saying, found) for saying, found in answers if found is not None]
    right = [saying for saying, found in fired if found.action == saying.wanted]
    assert len(HELD_OUT) >= 300
    assert not [saying.text for saying, _ in fired if saying.wanted is None]
    assert len(right) >= 0.97 * len(fired)
    assert len(fired) >= 150


def test_the_sets_are_separate() -> None:
    def others(name: str) -> set[str]:
        return {saying.text for saying in written(name) if saying.wanted is None}

    assert len(others("tuning") & others("held_out")) <= 0.1 * len(others("held_out"))


def test_of_what_the_starter_heard_nothing_false_is_believed(table: CommandTable) -> None:
    def is_false(saying: Saying) -> bool:
        found = find(table, saying.heard or "")
        return found is not None and found.how == "near" and found.action != saying.wanted

    believed = [saying for saying in heard("held_out") if saying.verdict == "accept"]
    assert len(believed) > 100
    assert not [saying.heard for saying in believed if is_false(saying)]


def test_no_phrase_is_taken_for_another(table: CommandTable) -> None:
    for words, action in table.actions.items():
        near = table.nearest.find(words)
        assert near is None or table.actions[near.phrase] == action


def test_sounds() -> None:
    assert latin("right write night") == "rit rit nit"
    assert korean("돌아") == korean("도라") == ("ㄷㅗ ", "ㄹㅏ ")
    assert edits("abc", "abc", 9.0) == 0.0
    assert edits("bat", "pat", 9.0) == 0.5
    assert edits("", "me", 9.0) == pytest.approx(1.4)
    assert 1.0 < edits("zzzzzz", "me", 1.0) < 9.0, "it stops once it is above the limit"
    assert edits(korean("개"), korean("게"), 9.0) == pytest.approx(0.1)
    assert forgiven("turn left") < forgiven("turn to the left") <= forgiven("x" * 99) == MOST_COST


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        *(("90", "en", 90), ("1.5", "ko", 1.5), ("ninety", "en", 90), ("forty five", "en", 45)),
        *(("a hundred and eighty", "en", 180), ("two hundred five", "en", 205), ("zero", "en", 0)),
        *(("one point five", "en", 1.5), ("one and a half", "en", 1.5), ("half a", "en", 0.5)),
        *(("half", "en", 0.5), ("one two", "en", None), ("twenty fifteen", "en", None)),
        *(("hundred", "en", None), ("point five", "en", None), ("five point ten", "en", None)),
        *(("thousand", "en", None), ("and", "en", None), ("nine", "de", None), ("9", "de", 9)),
        *(("구십", "ko", 90), ("백이십", "ko", 120), ("천", "ko", 1000), ("일공오", "ko", 105)),
        *(("이점오", "ko", 2.5), ("두", "ko", 2), ("열두", "ko", 12), ("스물", "ko", 20)),
        *(("스무", "ko", 20), ("반", "ko", 0.5), ("십백", "ko", None), ("열열", "ko", None)),
        *(("점오", "ko", None), ("가나", "ko", None), ("", "ko", None), ("", "en", None)),
    ],
)
def test_numbers(text: str, language: str, number: float | None) -> None:
    assert value(text, language) == number
