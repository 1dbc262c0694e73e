"""Which words are commands, and which only sound like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_voice.actions.commands import CommandTable, load_commands, normalise
from robot_voice.errors import ConfigError
from robot_voice.types import Action, Transcript

BASE = Path(__file__).parents[1] / "configs" / "actions" / "base.toml"


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return load_commands(BASE)


def say(table: CommandTable, text: str) -> Action | None:
    return table.match(Transcript(text, "ko" if text > "가" else "en"))


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("Stop.", "stop", {}),
        ("STOP!!", "stop", {}),
        ("Stop now.", "stop", {}),
        ("please stop", "stop", {}),
        ("Could you please turn left?", "turn", {"direction": "left"}),
        ("Turn right, please.", "turn", {"direction": "right"}),
        ("Go forward.", "move", {"direction": "forward"}),
        ("Step back", "move", {"direction": "backward"}),
        ("Go left", "move", {"direction": "left"}),
        ("Can you dance for me?", "dance", {}),
        ("Hey robot, sit down.", "sit", {}),
        ("Turn on the lights, please, thank you.", "lights_on", {}),
        ("Raise your left hand.", "raise_hand", {"side": "left"}),
        ("Let’s dance!", "dance", {}),
        ("Ｗａｖｅ", "wave", {}),
        ("멈춰!", "stop", {}),
        ("멈춰 주세요.", "stop", {}),
        ("지금 멈춰.", "stop", {}),
        ("왼쪽으로 돌아 줘.", "turn", {"direction": "left"}),
        ("오른쪽으로 돌아줄래?", "turn", {"direction": "right"}),
        ("앞으로 가 줄 수 있어?", "move", {"direction": "forward"}),
        ("불 좀 켜 줘.", "lights_on", {}),
        ("불좀꺼주세요", "lights_off", {}),
        ("앉으세요.", "sit", {}),
        ("로봇아, 춤춰 주실래요?", "dance", {}),
        ("왼손을 들어 줘.", "raise_hand", {"side": "left"}),
        ("안아 줘.", "hug", {}),
        ("위를 봐.", "look", {"gaze": "up"}),
    ],
)
def test_commands(table: CommandTable, text: str, name: str, arguments: dict[str, str]) -> None:
    assert say(table, text) == Action(name, arguments)


# fmt: off
NO_COMMANDS = [
    "", " ", "...", "please", "I'm left alone", "don't stop believing", "Stop signs are red.",
    "Why did you stop?", "The lights are off.", "I like to dance.", "Turn", "left", "right",
    "You are right.", "Do not stop.", "Don't move forward", "Can you hear me?", "I sit down",
    "춤을 좋아해?", "멈추지 마.", "불이 났어!", "왼쪽", "앞으로 잘 부탁해.", "그만두고 싶어",
    "불 켜지 마", "나는 앉아 있어.", "왼쪽으로 돌아가고 싶어.", "손 흔들지 마", "줘", "주세요",
    "좀", "네", "가 줘", "봐", "자", "여기", "위",
]
# fmt: on


@pytest.mark.parametrize("text", NO_COMMANDS)
def test_ordinary_sentences_are_no_commands(table: CommandTable, text: str) -> None:
    assert say(table, text) is None


def test_the_language_label_does_not_matter(table: CommandTable) -> None:
    assert table.match(Transcript("정지", "en")) == Action("stop")


def test_the_base_table_speaks_both_languages(table: CommandTable) -> None:
    hangul = {action.name for words, action in table.actions.items() if "가" <= words[0] <= "힣"}
    latin = {action.name for words, action in table.actions.items() if words[0].isascii()}
    assert hangul == latin
    assert len(hangul) >= 20


def test_no_phrase_is_lost_to_politeness(table: CommandTable) -> None:
    assert all(words and normalise(words) == words for words in table.actions)


def load(tmp_path: Path, text: str) -> CommandTable:
    file = tmp_path / "table.toml"
    file.write_text(text, encoding="utf-8")
    return load_commands(file)


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        """
        [slots.drink]
        tea = { en = ["tea", "some tea"], de = ["Tee"] }
        [slots.place]
        kitchen = { en = ["kitchen"] }
        desk = { en = ["desk"] }
        [[command]]
        action = "bring"
        arguments = { kind = "drink" }
        en = ["bring {drink} to the {place}", "put {drink} on the {place}"]
        [[command]]
        action = "bring"
        de = ["Bring {drink}"]
        """,
    )
    assert len(own.actions) == 9
    expected = {"kind": "drink", "drink": "tea", "place": "desk"}
    assert say(own, "Please bring some tea to the desk!") == Action("bring", expected)
    assert say(own, "bring Tee") == Action("bring", {"drink": "tea"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[command]\n", "not valid TOML.*line 1"),
        ("", "command: Field required"),
        ("[[command]]\naction = 'Stop It'\nen = ['a']", r"table\.toml:1: command\.0\.action"),
        ("[[command]]\naction='a'\nen=['x']\n\n[[command]]\nen=['y']", r":5: command\.1\.action"),
        ("[[command]]\naction='a'", ":1: command 'a' has no phrases"),
        ("[[command]]\naction='a'\nen='go'", ":1: en must be a list"),
        ("[[command]]\naction='a'\nen=['!?']", ":1: the phrase '!\\?' has no words"),
        ("[[command]]\naction='a'\nen=['go {there}']", ":1: .* slot 'there'; the slots are: none"),
        (
            "[slots.s]\nv = { ko = ['w'] }\n[[command]]\naction='a'\nen=['go {s}']",
            ":3: slot 's' has no words in language 'en'",
        ),
        (
            "[[command]]\naction='a'\nen=['Go!']\n[[command]]\naction='b'\nen=['please go']",
            ":4: 'please go' already commands 'a'",
        ),
        ("[[command]]\naction='a'\nen=['x']\n[other]\n", "other: Extra inputs"),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load(tmp_path, text)


def test_too_many_phrases(tmp_path: Path) -> None:
    values = "\n".join(f"v{n} = {{ en = ['w{n}'] }}" for n in range(30))
    text = f"[slots.a]\n{values}\n[slots.b]\n{values}\n[slots.c]\n{values}\n"
    with pytest.raises(ConfigError, match="fewer slots"):
        load(tmp_path, text + "[[command]]\naction='x'\nen=['{a} {b} {c}']")


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_commands(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_commands(tmp_path / "bad.toml")
