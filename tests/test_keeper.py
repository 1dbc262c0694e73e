"""What follows from committed words: reports, and what the robot says of itself unasked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot_voice import paths
from robot_voice.build.caring import MAX_FILING, Keeper, open_screen, open_store
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.reports import Report, ReportStore, reports_path
from robot_voice.safety.care import Said
from robot_voice.types import Draft, Transcript

COMPLAINT = Transcript("That really hurt my feelings.", "en")
SAID = "The blue cup is yours. It is on the table."


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program keeps things between runs: nowhere else than here."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def config(**sections: dict[str, object]) -> Config:
    return Config.model_validate({"disclosure": {"notice": "off"}, **sections})


class Clock:
    def __init__(self) -> None:
        self.now = 4_000_000_000.0  # in the future, so that no report is too old to be kept

    def __call__(self) -> float:
        return self.now


class Robot:
    """One run of the program, as far as feelings go. ``said`` is what was heard of it."""

    def __init__(self, settings: Config, store: ReportStore | None = None) -> None:
        self.store = open_store(settings) if store is None else store
        self.screen = open_screen(settings, None, self.store, starter=True)
        self.conversation = Conversation()
        self.clock = Clock()
        self.keeper = Keeper(settings, self.screen, self.conversation, self.store, self.clock)

    def turn(self, user: Transcript, said: str) -> None:
        """As the pipeline has it: the words enter the conversation, then they are committed."""
        self.conversation.add("user", user.text)
        self.keeper.committed(user)
        scores = {"hurt": 0.1, "toxic": 0.1}
        self.screen.care.passed(Said(said, user.language, scores=scores))
        self.conversation.add("assistant", said)

    def close(self) -> None:
        asyncio.run(self.keeper.close())

    def reply(self, user: str, text: str, *, speculative: bool, heard: float = 1.0) -> str:
        """A turn as the pipeline has it: the reply is made before the user's words are committed
        if it is ready by then. Returns what the robot added; ``heard``: how much of all that."""
        closing = self.keeper.closing("en") if speculative else None
        self.conversation.add("user", user)
        self.keeper.committed(Transcript(user, "en"))
        if not speculative:
            closing = self.keeper.closing("en")
        added = closing.text if closing is not None else ""
        whole = f"{text} {added}".strip()
        self.conversation.add("assistant", whole[: round(heard * len(whole))])
        return added

    def closes_with(self, language: str = "en") -> str:
        closing = self.keeper.closing(language)
        return closing.category if closing is not None else ""


# --- reports -------------------------------------------------------------------


def test_a_complaint_is_filed_and_its_sentence_is_never_said_again() -> None:
    robot = Robot(config(reports={"keep_text": True}))
    robot.turn(Transcript("Which cup?", "en"), "The blue cup is yours.")
    robot.turn(COMPLAINT, "I am sorry.")
    assert robot.screen.care.sensitivity == "high"
    assert robot.screen.screen(Draft("The blue cup is yours.", "en")).category == "suppressed"
    robot.close()
    assert robot.store is not None
    [filed] = robot.store.reports()
    assert (filed.said, filed.user) == ("The blue cup is yours.", COMPLAINT.text)
    assert {"hurt", "toxic"} <= set(filed.scores)

    later = Robot(config())
    assert later.screen.screen(Draft("the blue cup is yours", "en")).category == "suppressed"
    assert later.screen.care.sensitivity == "standard"  # a new session, perhaps with somebody else
    assert later.screen.screen(Draft("The red cup is yours.", "en")).action == "pass"
    later.close()


def test_the_judge_is_not_asked_about_a_complaint() -> None:
    """Filing happens on the event loop."""
    settings = config()
    asked: list[str] = []
    screen = open_screen(settings, None, None, starter=True)
    screen._judge = lambda draft: asked.append(draft.text)
    conversation = Conversation()
    keeper = Keeper(settings, screen, conversation, None, Clock())
    conversation.add("user", "Hello.")
    conversation.add("assistant", "It took you long enough.")
    keeper.committed(COMPLAINT)
    assert not asked
    assert screen.care.complaints == 1


def test_a_deleted_report_lets_its_sentence_be_said_again() -> None:
    robot = Robot(config())
    robot.turn(Transcript("Which cup?", "en"), "The blue cup is yours.")
    robot.turn(COMPLAINT, "I am sorry.")
    robot.close()
    assert robot.store is not None
    assert robot.store.delete_all() == 1
    later = Robot(config())
    assert later.screen.screen(Draft("The blue cup is yours.", "en")).action == "pass"
    later.close()


@pytest.mark.parametrize("user", ["Thank you.", "Turn on the light."])
def test_without_a_complaint_nothing_is_filed(user: str) -> None:
    robot = Robot(config())
    robot.turn(Transcript("Which cup?", "en"), SAID)
    robot.turn(Transcript(user, "en"), "All right.")
    robot.close()
    assert robot.store is not None
    assert not robot.store.reports()
    assert not robot.store.suppressed()


def test_with_reports_off_nothing_is_filed_and_the_session_remembers() -> None:
    off = config(reports={"enabled": False})
    robot = Robot(off)
    assert robot.store is None
    robot.turn(Transcript("Which cup?", "en"), "The blue cup is yours.")
    robot.turn(COMPLAINT, "I am sorry.")
    robot.close()
    assert robot.screen.screen(Draft("The blue cup is yours.", "en")).category == "suppressed"
    assert not reports_path().exists()
    later = Robot(off)
    assert later.screen.screen(Draft("The blue cup is yours.", "en")).action == "pass"
    later.close()


def test_a_complaint_before_the_robot_has_spoken_is_about_nothing() -> None:
    robot = Robot(config())
    robot.turn(COMPLAINT, "What did I say?")
    robot.close()
    assert robot.store is not None
    assert not robot.store.reports()
    assert robot.screen.care.complaints == 0


class SlowStore(ReportStore):
    """A disk that does not answer until it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.answers = threading.Event()
        self.begun = threading.Event()
        self.filed: list[Report] = []

    def file(self, report: Report) -> int | None:
        self.begun.set()
        self.answers.wait()
        self.filed.append(report)
        return len(self.filed)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[SlowStore]:
    store = SlowStore(tmp_path / "slow.db")
    yield store
    store.answers.set()


def test_a_slow_disk_loses_reports_and_holds_up_nobody(slow: SlowStore) -> None:
    robot = Robot(config(), slow)
    names = [f"cup {chr(97 + n // 26)}{chr(97 + n % 26)} is yours." for n in range(3 * MAX_FILING)]
    for name in names:  # would not return if one waited for the disk
        robot.turn(Transcript("Which cup?", "en"), name)
        robot.turn(COMPLAINT, "I am sorry.")
    assert slow.begun.wait(10)
    assert not slow.filed
    assert all(robot.screen.care.is_suppressed(name) for name in names)
    slow.answers.set()
    robot.close()
    assert len(slow.filed) == MAX_FILING
    assert [report.said for report in slow.filed] == names[:MAX_FILING]


def test_when_the_disk_is_back_reports_are_filed_again(slow: SlowStore) -> None:
    robot = Robot(config(), slow)
    slow.answers.set()
    for n in range(2 * MAX_FILING):
        robot.turn(Transcript("Which cup?", "en"), f"cup {chr(97 + n)} is yours.")
        robot.turn(COMPLAINT, "I am sorry.")
        filed = robot.keeper._filing.submit(lambda: None)
        filed.result(10)  # the disk has taken all so far
    robot.close()
    assert len(slow.filed) == 2 * MAX_FILING


# --- the notice ----------------------------------------------------------------


def met() -> bool:
    return (paths.user_state() / "met").exists()


@pytest.mark.parametrize("speculative", [True, False], ids=["early", "late"])
def test_the_notice_is_given_once(speculative: bool) -> None:
    first = config(disclosure={"notice": "first"})
    robot = Robot(first)
    added = [robot.reply(f"Hello {n}.", "Hi!", speculative=speculative) for n in range(4)]
    robot.close()
    assert "Nuri" in added[0]
    assert added[1:] == ["", "", ""]
    assert met()
    later = Robot(first)
    assert later.reply("Hello again.", "Hi!", speculative=speculative) == ""
    later.close()


@pytest.mark.parametrize("speculative", [True, False], ids=["early", "late"])
def test_a_notice_counts_when_it_was_heard(speculative: bool) -> None:
    robot = Robot(config(disclosure={"notice": "first"}))
    added = [robot.reply("Hello.", "Hi!", speculative=speculative, heard=0.05)]
    assert not met()
    added.append(robot.reply("Wait.", "Yes.", speculative=speculative, heard=0.8))
    added.append(robot.reply("And now?", "Good.", speculative=speculative))
    robot.close()
    assert added[0] == added[1] != ""
    assert added[2] == ""
    assert met()


def test_a_reply_that_was_withdrawn_gave_no_notice() -> None:
    robot = Robot(config(disclosure={"notice": "first"}))
    assert robot.closes_with() == "notice"  # the user went on speaking: the turn never was
    assert robot.closes_with() == "notice"
    assert robot.reply("Hello, robot.", "Hi!", speculative=True) != ""
    assert robot.reply("How are you?", "Fine.", speculative=True) == ""
    robot.close()


@pytest.mark.parametrize("speculative", [True, False], ids=["early", "late"])
@pytest.mark.parametrize(("when", "given"), [("session", True), ("off", False)])
def test_every_session_or_never(when: str, given: bool, speculative: bool) -> None:
    for _run in (1, 2):
        robot = Robot(config(disclosure={"notice": when}))
        added = [robot.reply(f"Hello {n}.", "Hi!", speculative=speculative) for n in range(3)]
        assert [text != "" for text in added] == [given, False, False]
        assert not met()
        robot.close()


def test_a_state_folder_that_cannot_be_written_is_no_trouble(state: Path) -> None:
    (state / "robot-voice").write_text("a file where the folder should be")
    robot = Robot(config(disclosure={"notice": "first"}, reports={"enabled": False}))
    assert robot.reply("Hello.", "Hi!", speculative=False) != ""
    robot.keeper.committed(Transcript("I see.", "en"))
    assert robot.closes_with() == ""
    robot.close()


@pytest.mark.parametrize("speculative", [True, False], ids=["early", "late"])
def test_a_child_is_reminded_by_the_clock(speculative: bool) -> None:
    child = config(
        safety={"sensitivity": "child"}, disclosure={"notice": "off", "remind_minutes": 10}
    )
    robot = Robot(child)
    robot.clock.now += 599.0
    assert robot.closes_with() == ""
    robot.clock.now += 1.0
    assert robot.closes_with() == "reminder"
    assert robot.reply("Hello.", "Hi!", speculative=speculative, heard=0.05) != ""
    robot.clock.now += 5.0
    assert robot.reply("And then?", "The end.", speculative=speculative) != ""
    assert robot.reply("I see.", "Good.", speculative=speculative) == ""
    robot.clock.now += 600.0
    assert robot.closes_with("ko") == "reminder"
    robot.close()


def test_others_are_not_reminded() -> None:
    robot = Robot(config())
    robot.clock.now += 1e6
    assert robot.closes_with() == ""
    robot.close()
