"""``robot-voice screen``: lines of JSON in, as many out, whatever they hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from robot_voice import cli

KEYS = {"id", "action", "category", "scores", "emotion", "ms"}
FINE = "The shop opens at nine."
ACTIONS = {"pass", "soften", "block", "crisis", "gray"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has configured nothing."""
    for name in [name for name in os.environ if "ROBOT_VOICE" in name]:
        monkeypatch.delenv(name)
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))


def run(*arguments: str, given: str | bytes = "") -> str:
    done = CliRunner().invoke(cli.app, ["screen", *arguments], input=given, env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    assert done.exception is None
    return done.stdout


def screened(*rows: object) -> list[dict[str, Any]]:
    """The answers to these lines; a row that is no text becomes one."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return [json.loads(line) for line in run(given="\n".join(lines)).splitlines()]


def one(**row: object) -> dict[str, Any]:
    (answer,) = screened(row)
    return answer


# --- lines ---------------------------------------------------------------------


def test_every_line_has_one_answer_in_its_order() -> None:
    rows = [
        {"id": "a", "text": FINE, "lang": "en", "kind": "reply"},
        {"id": 7, "text": "You are stupid.", "lang": "en", "kind": "reply"},
        {"id": None, "text": "죽고 싶어.", "lang": "ko", "kind": "user"},
        {"text": "가게는 아홉 시에 열어요."},
    ]
    answers = screened(*rows)
    assert [answer["id"] for answer in answers] == ["a", 7, None, 4]
    assert [answer["action"] for answer in answers] == ["pass", "block", "crisis", "pass"]
    assert [answer["category"] for answer in answers] == ["", "insult", "crisis", ""]
    for answer in answers:
        assert set(answer) == KEYS
        assert answer["action"] in ACTIONS
        assert answer["ms"] >= 0.0
        assert all(0.0 <= score <= 1.0 for score in answer["scores"].values())


BAD = [
    "no json",
    "{",
    "[]",
    "7",
    "null",
    '"text"',
    "{}",
    '{"id": 1}',
    '{"id": 1, "text": null}',
    '{"id": 1, "text": 7}',
    '{"id": 1, "text": ["a"]}',
]


@pytest.mark.parametrize("line", BAD)
def test_what_cannot_be_read_is_not_let_through(line: str) -> None:
    before, answer, after = screened({"id": "x", "text": FINE}, line, {"text": FINE})
    assert (before["id"], before["action"]) == ("x", "pass")
    assert (answer["action"], answer["category"]) == ("block", "invalid")
    assert answer["error"]
    assert (after["id"], after["action"]) == (3, "pass")


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Hi.", "lang": 7},
        {"text": "Hi.", "lang": "../../en"},
        {"text": "Hi.", "lang": "a" * 400},
        {"text": "Hi.", "lang": "en\u0000"},
        {"text": "Hi.", "lang": ["en"]},
        {"text": "Hi.", "kind": "song"},
        {"text": "Hi.", "kind": None},
        {"text": "Hi.", "context": 7},
        {"text": "Hi.", "context": ["what"]},
        {"text": "Hi.", "context": {"user": 7, "previous": None}},
        {"text": "Hi.", "context": {"user": "a" * 5000}},
        {"text": "Hi.", "id": {"nested": [1]}},
        {"text": "\ud83d Hi."},
        {"text": "Hi. " * 5000},
        {"text": "a" * 100_000},
        {"text": "\u0000"},
    ],
)
def test_no_line_stops_the_others(row: dict[str, Any]) -> None:
    answer, after = screened(row, {"id": "after", "text": FINE})
    assert answer["action"] in ACTIONS
    assert (after["id"], after["action"]) == ("after", "pass")


def test_bytes_that_are_no_text_are_no_way_out() -> None:
    given = b'{"id": 1, "text": "You are stupid.\xff\xfe"}\n\xff\xff\n'
    given += json.dumps({"id": 3, "text": FINE}).encode()
    answers = [json.loads(line) for line in run(given=given).splitlines()]
    assert [answer["action"] for answer in answers] == ["block", "block", "pass"]
    assert [answer["id"] for answer in answers] == [1, 2, 3]


def test_nothing_in_nothing_out() -> None:
    assert run(given="") == ""
    assert run(given="\n \n\n") == ""


def test_empty_lines_are_counted_but_not_answered() -> None:
    (answer,) = screened("", "  ", {"text": FINE})
    assert answer["id"] == 3


@pytest.mark.parametrize("text", ["", " ", "...", "😀"])
def test_no_words_are_harmless(text: str) -> None:
    assert one(text=text, lang="en")["action"] in ("pass", "gray")
    assert one(text=text, lang="ko", kind="user")["action"] == "pass"


# --- kinds and context ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "action", "category"),
    [
        ("I want to die.", "en", "crisis", "crisis"),
        ("Call an ambulance!", "en", "crisis", "emergency"),
        ("You stupid robot!", "en", "block", "abuse"),
        ("That really hurt my feelings.", "en", "pass", "feedback"),
        ("What time is it?", "en", "pass", ""),
        ("자살하고 싶어", "ko", "crisis", "crisis"),
        ("오늘 날씨 어때?", "ko", "pass", ""),
    ],
)
def test_what_a_user_says(text: str, language: str, action: str, category: str) -> None:
    answer = one(text=text, lang=language, kind="user")
    assert (answer["action"], answer["category"]) == (action, category)


def test_the_same_words_from_a_robot_and_from_a_user() -> None:
    complaint = "My boss is an idiot."
    assert one(text="I feel so sad today.", kind="user")["emotion"] == "sadness"
    assert one(text=complaint, kind="reply")["action"] in ("block", "soften")
    assert one(text="I want to die.", kind="user")["action"] == "crisis"


@pytest.mark.parametrize("context", ["My dog died today.", {"user": "My dog died today."}])
def test_the_context_is_text_or_an_object(context: object) -> None:
    answer = one(text="Congratulations!", lang="en", context=context)
    assert (answer["action"], answer["category"]) == ("block", "out_of_place")
    assert answer["emotion"] == "sadness"
    assert one(text="I am so sorry.", lang="en", context=context)["action"] == "pass"


@pytest.mark.parametrize("context", ["", None, {}, {"user": ""}, {"previous": ""}])
def test_an_empty_context_is_none(context: object) -> None:
    assert one(text="Congratulations!", lang="en", context=context)["action"] == "pass"


def test_the_sentence_before_counts() -> None:
    broken = {"user": "Hello.", "previous": "You are, to be honest,"}
    assert one(text="stupid.", lang="en", context=broken)["action"] == "block"


def test_a_language_is_guessed_where_none_is_given() -> None:
    assert one(text="너는 바보야.")["action"] == "block"
    assert one(text="You are stupid.")["action"] == "block"


def test_an_unknown_language_has_the_lexicon_alone() -> None:
    assert one(text="Das mache ich gern.", lang="de")["scores"] == {}
    assert one(text="Das mache ich gern.", lang="de")["action"] == "gray"
    assert one(text="You are stupid.", lang="xx")["action"] == "block"


def test_a_long_text_is_examined_in_parts() -> None:
    long = "The weather is nice today. " * 40
    assert one(text=long, lang="en")["action"] == "pass"
    assert one(text=f"{long}You are stupid. {long}", lang="en")["action"] == "block"


def test_the_owners_sensitivity_counts() -> None:
    mild = json.dumps({"text": "Damn, I forgot.", "lang": "en"})
    child = json.loads(run("--set", "safety.sensitivity=child", given=mild))
    assert (child["action"], child["category"]) == ("block", "profanity")


# --- in words ------------------------------------------------------------------


def test_explain_tells_why() -> None:
    text = run("--explain", "You are stupid.")
    assert text.startswith("block: The robot would not say it.")
    assert "insult" in text
    assert "stupid" in text.splitlines()[1]
    assert "feeling:" in text


def test_explain_tells_that_all_is_well() -> None:
    text = run("--explain", "오늘은 맑아요.")
    assert text.startswith("pass:")
    assert "category:" not in text
    assert "hurt: 0." in text


def test_explain_is_about_users_as_well() -> None:
    assert run("--explain", "I want to die.", "--user").startswith("crisis:")
    assert run("--explain", "You stupid robot!", "--user").startswith("block:")
    assert (
        run("--explain", "I'm so happy today!", "--user").splitlines()[-1].startswith("feeling: j")
    )


def test_explain_in_another_language() -> None:
    text = run("--explain", "Das mache ich gern.", "--language", "de")
    assert text.startswith("gray:")
    assert "hurt:" not in text


def test_explain_of_nothing() -> None:
    assert run("--explain", "").startswith("pass:")


# --- as a shell has it ---------------------------------------------------------


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "robot_voice", "screen"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        line = json.dumps({"text": FINE, "lang": "en"}).encode() + b"\n"
        process.stdin.write(line)
        process.stdin.flush()
        first = process.stdout.readline()
        process.stdout.close()
        rest = subprocess_input(process, line * 2000)
        assert process.wait(timeout=50) == 0, rest
        assert process.stderr.read() == b""
    assert json.loads(first)["action"] == "pass"


def subprocess_input(process: subprocess.Popen[bytes], given: bytes) -> str:
    """Write until the process has gone or has read all."""
    assert process.stdin is not None
    try:
        process.stdin.write(given)
        process.stdin.close()
    except BrokenPipeError:
        return "it went before it had read all"
    return "it read all"


def test_a_run_without_a_space_is_not_cut_to_pieces() -> None:
    assert one(text="가" * 10_000)["category"] == "too_long"
    assert one(text="This is fine. " * 100)["action"] == "pass"
    assert one(text=" " * 600)["action"] in ("pass", "block")
    assert one(text="bad \ufffd code")["category"] == "invalid"
