"""What an owner may declare, and what is known of an action then."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_voice.actions.commands import CommandTable, load_commands
from robot_voice.actions.execution import ActionError
from robot_voice.errors import ConfigError
from robot_voice.types import Action, Transcript

FOLDER = Path(__file__).parents[1] / "configs" / "actions"

SLOTS = """
[slots.drink]
tea = { en = ["tea", "some tea"], ko = ["차"] }
[slots.count]
type = "number"
min = 1
max = 9
unit = { en = ["cups", "cup"], ko = ["잔"] }
[slots.name]
type = "text"
max_characters = 10
"""
BRING = """
[[command]]
action = "bring"
en = ["bring {drink}", "bring {count} for {name}"]
ko = ["{drink} {count} 가져와"]
"""


def load(tmp_path: Path, text: str, **others: str) -> CommandTable:
    for name, content in {**others, "table": text}.items():
        (tmp_path / f"{name}.toml").write_text(content, "utf-8")
    return load_commands(tmp_path / "table.toml")


def say(table: CommandTable, text: str) -> Action | None:
    return table.match(Transcript(text, "en"))


def test_numbers_and_texts(tmp_path: Path) -> None:
    table = load(tmp_path, SLOTS + BRING)
    expected = Action("bring", {"count": "2", "name": "anna"})
    assert say(table, "Please bring two cups for Anna!") == expected
    assert say(table, "bring 2 cups for anna") == expected
    assert say(table, "차 세 잔 가져와 줘") == Action("bring", {"drink": "tea", "count": "3"})
    assert say(table, "bring ten cups for anna") is None
    assert say(table, "bring two for anna") is None
    assert say(table, "bring two cups for the whole family") is None


def test_the_demonstration_includes_the_base() -> None:
    base, demo = (load_commands(FOLDER / f"{name}.toml") for name in ("base", "demo"))
    assert set(base.actions) < set(demo.actions)
    assert {spec.executor for spec in base.known.actions.values()} == {""}
    assert {spec.executor for spec in demo.known.actions.values()} == {"dry"}
    unlock, turn = demo.known.actions["unlock_door"], demo.known.actions["turn"]
    assert (unlock.safety, unlock.confirm, turn.safety, turn.confirm) == (
        *("strong", True),
        *("moves", False),
    )
    assert demo.known.actions["stop"].safety == "harmless"


def test_what_one_command_says_of_an_action_holds_for_all(tmp_path: Path) -> None:
    table = load(
        tmp_path,
        """
        executor = "b"
        [executors.a]
        kind = "dry-run"
        [executors.b]
        kind = "dry-run"
        [[command]]
        action = "x"
        safety = "harmless"
        en = ["one"]
        [[command]]
        action = "x"
        confirm = true
        executor = "a"
        en = ["two"]
        [[command]]
        action = "y"
        en = ["three"]
        """,
    )
    x, y = table.known.actions["x"], table.known.actions["y"]
    assert (x.safety, x.confirm, x.executor) == ("moves", True, "a")
    assert (y.safety, y.confirm, y.executor) == ("moves", False, "b")


def test_what_an_action_is_called(tmp_path: Path) -> None:
    table = load(tmp_path, SLOTS + BRING)

    def words(language: str, **arguments: str) -> str:
        return table.known.words(Action("bring", arguments), language)

    assert words("en", drink="tea") == "bring tea"
    assert words("en", count="2", name="Anna") == "bring 2 cups for Anna"
    assert words("ko", drink="tea", count="2") == "차 2잔 가져와"
    assert words("en", drink="tea", count="2") == "차 2잔 가져와", "it has no English"
    assert words("en", size="big") == "bring"
    assert table.known.words(Action("fly_away"), "en") == "fly away"


def test_actions_from_elsewhere_are_checked(tmp_path: Path) -> None:
    table = load(tmp_path, SLOTS + BRING)
    assert table.known.check(Action("bring", {"drink": "tea"})).name == "bring"
    for arguments in (
        {},
        {"drink": "beer"},
        {"drink": "tea", "name": "anna"},
        {"count": "10", "name": "anna"},
        {"count": "²", "name": "anna"},
        {"count": "2", "name": "--option"},
        {"count": "2", "name": ""},
    ):
        with pytest.raises(ActionError, match="cannot be done with these arguments"):
            table.known.check(Action("bring", arguments))
    with pytest.raises(ActionError, match="no such action"):
        table.known.check(Action("fly"))


GO = "[[command]]\naction='go'\nen=['go']\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GO + "executor='body'", ":1: executor 'body' is not among: none"),
        ("executor='body'\n" + GO, "table.toml: executor 'body' is not among: none"),
        (GO + "safety='mostly'", ":1: command.0.safety: Input should be"),
        (GO + "[executors.b]\nkind='magic'", r"executors\.b: Input tag 'magic'"),
        (GO + "[executors.b]\nkind='process'\nargv=[]", r"executors\.b\.process\.argv"),
        (GO + "[executors.b]\nkind='python'\ncall='os.system'", r"python\.call: String should"),
        (GO + "[executors.b]\nkind='http'\nurl='file:///x'", r"http\.url: String should match"),
        (GO + "[slots.n]\ntype='number'\nmin=3\nmax=1", "slots.n.number: .*min is more than max"),
        (GO + "[slots.n]\ntype='colour'", "slots.n: Input tag 'colour'"),
        ("include=['gone']\n" + GO, "gone.toml: the robot's commands cannot be read"),
        ("include=['other']\n" + GO + "[slots.s]\nv={en=['w']}", "the slot 's' is declared twice"),
        (SLOTS + "[[command]]\naction='a'\nen=['{count} {count}']", "too many numbers"),
        (
            SLOTS + "[slots.x]\ntype='text'\n[[command]]\naction='a'\nen=['{name} is {x}']",
            "too many numbers",
        ),
        (
            SLOTS + BRING + "[[command]]\naction='b'\nen=['bring {count} for {name}']",
            "already commands 'bring', it cannot command 'b' too",
        ),
        (
            "[executors.a]\nkind='dry-run'\n[executors.b]\nkind='dry-run'\n"
            + GO + "executor='a'\n" + GO.replace("['go']", "['run']") + "executor='b'",
            ":9: 'go' is done by 'a', it cannot be done by 'b' too",
        ),
    ],
)  # fmt: skip
def test_mistakes_name_their_place(tmp_path: Path, text: str, complaint: str) -> None:
    other = "[slots.s]\nx = { en = ['y'] }\n[[command]]\naction='o'\nen=['o']"
    with pytest.raises(ConfigError, match=complaint):
        load(tmp_path, text, other=other)


def test_files_may_include_one_another_but_not_too_many(tmp_path: Path) -> None:
    table = load(tmp_path, "include=['other', 'table']\n" + GO, other="include=['table']\n" + GO)
    assert list(table.actions) == ["go"]
    many = {f"f{n}": f"include=['f{n + 1}']\n{GO}" for n in range(20)}
    with pytest.raises(ConfigError, match="more than 16 files"):
        load(tmp_path, "include=['f0']\n" + GO, **many)
