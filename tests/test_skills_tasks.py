"""What the model is asked to do by code: sum up, translate, explain, suggest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from robot_voice.commands.reply import register, suggested
from robot_voice.errors import LlmError
from robot_voice.skills.recognise import skill_request
from robot_voice.skills.requests import Clock, Length
from robot_voice.skills.suggestions import (
    MOST_CHARS,
    WANTED,
    filled_up,
    suggestions,
    suggestions_prompt,
)
from robot_voice.skills.tasks import Task, instructed, is_about_conversation, task
from robot_voice.types import Message

from .skill_sayings import ENGLISH, KOREAN, NONE
from .test_reply import Model

SUMMARY = Task("summary")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What did we talk about?", SUMMARY),
        ("what have we been talking about so far", SUMMARY),
        ("Can you summarize our conversation, please?", SUMMARY),
        ("summarise what we talked about", SUMMARY),
        ("Sum up what we discussed today.", SUMMARY),
        ("우리 무슨 얘기 했지?", SUMMARY),
        ("우리 지금까지 무슨 이야기 했어요?", SUMMARY),
        ("지금까지 대화 내용 요약해 줘.", SUMMARY),
        ("우리가 나눈 이야기를 정리해 주세요", SUMMARY),
        ("오늘 대화 요약해 줄래?", SUMMARY),
        ("Translate good morning into Korean.", Task("translate", "good morning", "ko")),
        ("please translate 'Where is the station?' to Japanese",
         Task("translate", "Where is the station", "ja")),
        ("How do you say thank you in Korean?", Task("translate", "thank you", "ko")),
        ("Can you tell me how to say I love you in French?",
         Task("translate", "I love you", "fr")),
        ("say good night in Chinese", Task("translate", "good night", "zh")),
        ("What's apple in Korean?", Task("translate", "apple", "ko")),
        ("translate that into Spanish please", Task("translate", "", "es")),
        ("안녕하세요를 영어로 번역해 줘", Task("translate", "안녕하세요", "en")),
        ("'고맙습니다'는 영어로 뭐야?", Task("translate", "고맙습니다", "en")),
        ("사과는 일본어로 뭐라고 해?", Task("translate", "사과", "ja")),
        ("배고프다는 영어로 어떻게 말해요?", Task("translate", "배고프다", "en")),
        ("그걸 영어로 말해 줘", Task("translate", "", "en")),
        ("Explain gravity in simple words.", Task("explain", "gravity")),
        ("Could you explain how a rainbow works like I'm five?",
         Task("explain", "how a rainbow works")),
        ("explain black holes so that a child can understand it", Task("explain", "black holes")),
        ("Explain that more simply, please.", Task("explain")),
        ("what is inflation in simple terms", Task("explain", "inflation")),
        ("simplify that", Task("explain")),
        ("중력을 쉽게 설명해 줘", Task("explain", "중력")),
        ("블랙홀에 대해 아이도 알아듣게 설명해 주세요", Task("explain", "블랙홀")),
        ("더 쉽게 설명해 줘.", Task("explain")),
        ("쉽게 말해 줄래요?", Task("explain")),
    ],
)  # fmt: skip
def test_what_the_model_is_to_do(text: str, expected: Task) -> None:
    assert task(text) == expected
    assert isinstance(skill_request(text), None | Length | Clock)


@pytest.mark.parametrize(
    "text",
    [
        "Let's talk.",
        "What did we talk about yesterday with Mina in the car?",
        "What did you talk about?",
        "I can translate that into Korean.",
        "Do you speak Korean?",
        "Speak Korean.",
        "영어로 말해 줘",
        "한국어로 대답해 줘",
        "What's up in Chinese politics?",
        "what is new in korean",
        "I had to explain it.",
        "Explain yourself.",
        "Explain gravity.",
        "That was simple.",
        "It is easier said than done.",
        "설명해 줘.",
        "쉽게 말하면 그래.",
        "번역이 어려워.",
        "우리 무슨 얘기 할까?",
        "이야기해 줘.",
        "재미있는 얘기 해 줘.",
        "영어 좋아해?",
        "x" * 400,
    ],
)
def test_what_it_is_not_asked_for(text: str) -> None:
    assert task(text) is None


@pytest.mark.parametrize("text", [*ENGLISH, *KOREAN, *NONE])
def test_the_clock_is_no_task(text: str) -> None:
    assert task(text) is None


def test_the_note_stands_behind_the_words() -> None:
    history = [Message("user", "hi"), Message("assistant", "hello"), Message("user", "in Korean?")]
    for language in ("en", "ko", "ja"):
        for wanted in (SUMMARY, Task("translate", "apple", "ko"), Task("explain", "apple")):
            made = instructed(history, wanted, language)
            assert made[:2] == history[:2]
            assert made[2].text.startswith("in Korean?\n[")
            assert made[2].text.endswith("]")
            assert ("apple" in made[2].text) == (wanted.kind != "summary")
    korean = instructed(history, Task("translate", "", "ja"), "ko")[2].text
    assert "일본어" in korean
    assert "Japanese" in instructed(history, Task("translate", "", "ja"), "en")[2].text


def test_which_tasks_need_a_conversation() -> None:
    assert is_about_conversation(SUMMARY)
    assert is_about_conversation(Task("explain"))
    assert not is_about_conversation(Task("explain", "gravity"))


# --- suggestions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [
        ("Sure, sounds good!\nSorry, I cannot.\nWhat time?", "en",
         ["Sure, sounds good!", "Sorry, I cannot.", "What time?"]),
        ("Here are three replies:\n1. \"Yes!\"\n2) *No.*\n- Maybe?", "en",
         ["Yes!", "No.", "Maybe?"]),
        ("1. Yes, gladly. 2. I am busy. 3. When exactly?", "en",
         ["Yes, gladly.", "I am busy.", "When exactly?"]),
        ("Yes!\nyes\nYES.\nYes, of course", "en", ["Yes!"]),
        ("Lunch on Friday?\nOkay!", "en", ["Okay!"]),
        ("Reply 1: Okay!\nOption 2: Later.\nAnswer: Why?", "en", ["Okay!", "Later.", "Why?"]),
        ("One.\nTwo.\nThree.\nFour.", "en", ["One.", "Two.", "Three."]),
        (f"{'long ' * 11}\n{'x' * (MOST_CHARS + 1)}\nOkay!", "en", ["Okay!"]),
        ("좋아요!\nOkay!\n다음에 만나요.", "ko", ["좋아요!", "다음에 만나요."]),
        ("좋아요!\nOkay!", "en", ["Okay!"]),
        ("<b>hi</b>\nhttp://a.b\n[sure]\n###\n...", "en", []),
        ("", "en", []),
    ],
)  # fmt: skip
def test_what_a_model_wrote_is_sifted(written: str, language: str, expected: list[str]) -> None:
    assert suggestions(written, "Lunch on Friday?", language) == expected


@pytest.mark.parametrize("language", ["en", "ko", "ja", "zh", "de"])
def test_there_are_always_three(language: str) -> None:
    for some in ([], ["고마워요!"], ["Thank you!", "All right."], ["a", "b", "c"]):
        full = filled_up(some, language)
        assert len(full) == len(set(full)) == WANTED
        assert full[: len(some)] == some


def test_the_prompt_names_the_message_and_the_language() -> None:
    (message,) = suggestions_prompt("Lunch?", "ko")
    assert message.role == "user"
    assert "Lunch?" in message.text
    assert "Korean" in message.text


def test_every_suggestion_is_screened() -> None:
    model = Model(["Good idea!\nThat is a bad idea.\n", "Rather not: rude\nSee you"])
    found = asyncio.run(suggested(model.mind(), "Lunch?", "en", starter=False))
    assert [draft.text for draft in model.drafts] == [
        "Good idea!",
        "That is a bad idea.",
        "Rather not: rude",
    ]
    assert found == ["Good idea!", "Thank you!", "All right."]


def test_a_model_that_follows_no_instructions_is_not_asked() -> None:
    model = Model(["Good idea!"])
    found = asyncio.run(suggested(model.mind(), "내일 봐", "ko", starter=True))
    assert (len(found), model.log, model.drafts) == (WANTED, [], [])


def test_a_model_that_fails_is_an_error() -> None:
    model = Model(["Good", "!"])
    with pytest.raises(LlmError):
        asyncio.run(suggested(model.mind(), "Lunch?", "en", starter=False))


# --- the command -----------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    made = typer.Typer()
    register(made)
    return made


def test_the_command_prints_three_lines(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["--suggest", "내일 시간 있어?"])
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == WANTED


def test_the_command_writes_json(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["--suggest", "Lunch?", "--json", "--language", "ko"])
    written = json.loads(done.stdout)
    assert written["text"] == "Lunch?"
    assert written["suggestions"] == filled_up([], "ko")


def test_an_empty_message_is_refused(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["--suggest", "  "]).exit_code == 2
