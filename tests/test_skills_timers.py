"""Timers and alarms in a conversation: set, asked for, cancelled, rung, kept."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from robot_voice.skills import items
from robot_voice.skills.ringing import POLL_SECONDS, ring_when_due
from robot_voice.skills.talk import Answer, Skills
from robot_voice.skills.timers import MOST

from .virtual_time import run as run_virtual

EVENING = datetime(2026, 11, 21, 22, 15).astimezone().timestamp()


class Talk:
    """A conversation with the skills, and the clock on the wall."""

    def __init__(self, path: Path | None = None, language: str = "en") -> None:
        self.now = EVENING
        self.language = language
        self.path = path
        self.skills = self.begin()

    def begin(self) -> Skills:
        return Skills("해요체", "Nuri", self.path, lambda: self.now)

    def say(self, text: str) -> str:
        """What the robot says to it, and does; empty: nothing."""
        answer = self.skills.answer(text, self.language)
        self.skills.committed(text, self.language)
        return answer.text if answer else ""

    def wait(self, seconds: float) -> list[str]:
        """What rings in the next ``seconds``, looked at every second as the robot does."""
        said = []
        for _ in range(round(seconds)):
            self.now += 1
            said += [answer.text for answer in self.skills.due()]
        return said


def test_a_timer_runs_and_rings_until_somebody_speaks() -> None:
    talk = Talk()
    assert talk.say("Set a timer for five minutes.") == "The timer is set for 5 minutes."
    assert talk.wait(60) == []
    left = "The timer for 5 minutes has 4 minutes left."
    assert talk.say("how long is left on the timer") == left
    assert talk.wait(239) == []
    rings = "Time is up: the timer for 5 minutes."
    assert talk.wait(25) == [rings, rings]
    assert talk.say("All right, thank you.") == ""
    assert talk.wait(100) == []
    assert talk.say("what timers are running") == "No timer is running."


def test_nobody_speaks() -> None:
    talk = Talk()
    talk.say("set a 1 minute timer")
    talk.say("set an alarm for 10:20 pm")
    assert len(talk.wait(200)) == items.RINGS["timer"]
    assert talk.wait(600) == ["It is 10:20 PM. This is your alarm."] + [
        f"It is {time} PM. This is your alarm."
        for time in ("10:20", "10:20", "10:21", "10:21", "10:21", "10:22", "10:22", "10:22")
    ] + ["It is 10:23 PM. This is your alarm."]
    assert talk.wait(600) == []


def test_several_timers_go_by_their_names_and_lengths() -> None:
    talk = Talk()
    assert talk.say("set a pasta timer for 10 minutes") == "The pasta timer is set for 10 minutes."
    talk.say("set a timer for 5 minutes")
    both = "The timer for 5 minutes has 5 minutes left. The pasta timer has 10 minutes left."
    assert talk.say("check my timers") == both
    which = "Which one: the timer for 5 minutes or the pasta timer?"
    assert talk.say("cancel the timer") == which
    assert talk.say("add a minute to the timer") == which
    assert talk.say("cancel the tea timer") == "I do not have that timer."
    assert talk.say("add 5 minutes to the tea timer") == "I do not have that timer."
    assert talk.say("how long is left on the tea timer") == "I do not have that timer."
    longer = "The pasta timer now has 12 minutes left."
    assert talk.say("add two minutes to the pasta timer") == longer
    assert talk.say("cancel the 5 minute timer") == "I have cancelled the timer for 5 minutes."
    assert talk.say("cancel the timer") == "I have cancelled the pasta timer."
    assert talk.say("cancel the timer") == "No timer is running."


def test_more_time_where_no_timer_runs_is_a_timer() -> None:
    assert Talk().say("add 5 minutes to the timer") == "The timer is set for 5 minutes."


def test_all_at_once() -> None:
    talk = Talk()
    for minutes in (3, 4):
        talk.say(f"set a timer for {minutes} minutes")
    talk.say("wake me at seven")
    assert talk.say("cancel all timers") == "I have cancelled all timers."
    assert talk.say("check the timers") == "No timer is running."
    assert talk.say("when is my alarm") == "The alarm is set for tomorrow at 7 AM."
    assert talk.say("delete all alarms") == "I have cancelled all alarms."
    assert talk.say("when is my alarm") == "No alarm is set."


def test_alarms() -> None:
    talk = Talk()
    assert talk.say("wake me at seven") == "The alarm is set for tomorrow at 7 AM."
    assert talk.say("set an alarm for 11") == "The alarm is set for today at 11 PM."
    monday = "The alarm is set for Monday, November 23 at 8 AM."
    assert talk.say("set an alarm for monday at 8") == monday
    assert talk.say("cancel the alarm for 8 pm") == "I do not have that alarm."
    assert (
        talk.say("cancel the 11 oclock alarm") == "I have cancelled the alarm for today at 11 PM."
    )
    assert talk.say("set an alarm for today at 9 am") == "That time has already passed."
    assert talk.say("wake me at seven every day").startswith("I can only set an alarm for one day.")
    assert talk.wait(9 * 3600)[:1] == ["It is 7 AM. This is your alarm."]


def test_reminders_are_said_in_the_users_words() -> None:
    talk = Talk()
    assert talk.say("remind me to take my pills in 2 minutes") == "I will remind you in 2 minutes."
    asked = "You asked me to remind you: take your pills."
    assert talk.wait(121)[0] == asked
    assert talk.say("Remind me at 11 pm to call Mina") == "I will remind you today at 11 PM."
    assert talk.wait(2600)[0] == "You asked me to remind you: call Mina."


def test_korean_reminders() -> None:
    talk = Talk(language="ko")
    assert talk.say("10분 뒤에 약 먹으라고 알려 줘") == "10분 뒤에 알려 드릴게요."
    assert talk.wait(601)[0] == "약 먹으라고 알려 달라고 하셨어요."
    talk.say("고마워")
    assert talk.say("라면 타이머 3분 맞춰 줘") == "라면 타이머를 3분으로 시작할게요."
    assert talk.wait(181)[0] == "시간이 다 됐어요. 라면 타이머예요."
    assert talk.say("타이머 꺼 줘") == "라면 타이머를 취소했어요."
    assert talk.say("내일 아침 일곱 시에 깨워 줘") == "내일 오전 7시에 알람을 맞췄어요."
    assert talk.say("알람 몇 시에 맞춰져 있어") == "내일 오전 7시에 알람이 있어요."


def test_the_robot_asks_for_what_is_missing() -> None:
    talk = Talk()
    assert talk.say("set a tea timer") == "For how long?"
    assert talk.say("five minutes") == "The tea timer is set for 5 minutes."
    assert talk.say("five minutes") == ""
    assert talk.say("set an alarm") == "At what time?"
    assert talk.say("half past six") == "The alarm is set for tomorrow at 6:30 AM."
    assert talk.say("half past six") == ""
    assert talk.say("wake me up tomorrow morning") == "At what time?"
    assert talk.say("in ten minutes") == ""
    assert talk.say("ten minutes") == ""  # something else was said in between


def test_a_question_is_not_open_for_ever() -> None:
    talk = Talk()
    talk.say("set a timer")
    talk.wait(61)
    assert talk.say("five minutes") == ""


def test_snooze() -> None:
    talk = Talk()
    assert talk.say("snooze") == ""
    talk.say("set an alarm for 10:20 pm")
    assert talk.wait(301)
    assert talk.say("five more minutes") == "All right, in 5 minutes."
    assert talk.wait(298) == []
    assert talk.wait(3) == ["It is 10:25 PM. This is your alarm."]
    assert talk.say("snooze for ten minutes") == "All right, in 10 minutes."
    assert talk.wait(601) == ["It is 10:35 PM. This is your alarm."]
    talk.say("good morning")
    talk.wait(90)
    assert talk.say("five more minutes") == ""  # who knows what of


def test_what_rings_can_be_cancelled() -> None:
    talk = Talk()
    talk.say("set a 1 minute timer")
    talk.say("set a 2 minute timer")
    talk.wait(61)
    assert talk.say("stop the timer") == "I have cancelled the timer for 1 minute."
    assert talk.say("check the timer") == "The timer for 2 minutes has 59 seconds left."


def test_limits() -> None:
    talk = Talk()
    assert talk.say("set a timer for 25 hours") == "I can set a timer for up to 24 hours."
    for _ in range(MOST):
        talk.say("set a timer for 24 hours")
    assert talk.say("set a timer for five minutes").startswith("That is more than")
    assert len(talk.say("check the timers").split(". ")) == 3


def test_a_turn_that_is_withdrawn_leaves_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "timers.json"
    talk = Talk(file)
    said = talk.skills.answer("set a timer for one minute", "en")
    assert said == Answer("The timer is set for 1 minute.", "en")
    assert not file.exists()
    assert talk.wait(100) == []
    assert talk.skills.answer("set a timer", "en") is not None
    assert talk.skills.answer("five minutes", "en") is None


def test_the_commit_may_come_before_the_answer() -> None:
    talk = Talk()
    for text, answer in (
        ("set a timer for one minute", "The timer is set for 1 minute."),
        ("cancel the timer", "I have cancelled the timer for 1 minute."),
        ("cancel the timer", "No timer is running."),
        ("what a day", None),
        ("what time is it", "It is 10:15 PM."),
    ):
        talk.skills.committed(text, "en")
        said = talk.skills.answer(text, "en")
        assert (said and said.text) == answer


def test_an_answer_that_nobody_wanted_grows_old() -> None:
    talk = Talk()
    talk.skills.committed("what time is it", "en")
    talk.now += 3600
    assert talk.say("what time is it") == "It is 11:15 PM."
    talk.now += 60
    assert talk.say("what time is it") == "It is 11:16 PM."


def test_words_in_braces_and_brackets_stay_words() -> None:
    talk = Talk(language="ko")
    talk.say("1분 뒤에 {name} [은|는] 먹으라고 알려 줘")
    assert all("KeyError" not in text for text in talk.wait(61))


# --- what is kept ------------------------------------------------------------------


def test_timers_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state" / "timers.json"
    talk = Talk(file)
    talk.say("set a pasta timer for 10 minutes")
    talk.say("wake me at seven")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["timers.json"]
    talk.skills = talk.begin()
    assert talk.say("check the timer") == "The pasta timer has 10 minutes left."
    assert talk.wait(601)[0] == "Time is up: the pasta timer."
    talk.skills = talk.begin()  # while it rings
    assert talk.wait(20) == ["Time is up: the pasta timer."]
    talk.say("thanks")
    talk.say("cancel the alarm")
    assert not file.exists()


def test_what_was_missed_is_told_once(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "timers.json")
    talk.say("set a pasta timer for 10 minutes")
    talk.now += 3600
    talk.skills = talk.begin()
    missed = "While I was switched off, this came due at 10:25 PM: the pasta timer."
    assert talk.wait(100) == [missed]


def test_a_new_configuration_goes_on_with_what_is_to_ring() -> None:
    talk = Talk()
    talk.say("Set a timer for ten minutes.")
    talk.say("Wake me up at seven.")
    after = talk.begin()
    after.take_over(talk.skills.waiting())
    after.take_over(talk.skills.waiting())
    assert after.waiting() == talk.skills.waiting()
    assert len(after.waiting()) == 2
    talk.now += 600
    assert len(after.due()) == 1


def test_without_a_file_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    talk = Talk()
    talk.say("set a timer for 10 minutes")
    talk.skills = talk.begin()
    assert talk.say("check the timer") == "No timer is running."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        '{"version": 2, "items": []}',
        '{"version": 1, "items": [{"kind": "bomb", "due": 1}]}',
        '{"version": 1, "items": [{"kind": "timer", "due": "soon"}]}',
        '{"version": 1, "items": [{"kind": "timer", "due": 1, "more": 2}]}',
        '{"version": 1, "items": [{"kind": "timer", "due": 1, "name": 2}]}',
        '{"version": 1, "items": 3}',
    ],
)
def test_a_damaged_file_is_a_warning(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "timers.json"
    file.write_text(content)
    talk = Talk(file)
    assert "cannot be read" in caplog.text
    assert talk.say("set a timer for 1 minute") == "The timer is set for 1 minute."
    assert json.loads(file.read_text())["items"][0]["seconds"] == 60


def test_a_disk_that_fails_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    talk = Talk(tmp_path / "file" / "timers.json")
    assert talk.say("set a pasta timer for 1 minute") == "The pasta timer is set for 1 minute."
    assert "cannot be kept" in caplog.text
    assert "pasta" not in caplog.text
    assert talk.wait(60) == ["Time is up: the pasta timer."]


# --- while the robot runs ------------------------------------------------------------


def test_ringing_announces_what_is_due_in_its_order() -> None:
    announced: list[tuple[float, str]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        times = {"first": 1.2, "second": 1.2, "third": 4.0}

        async def due() -> Sequence[str]:
            now = [name for name, at in times.items() if at <= loop.time()]
            for name in now:
                del times[name]
            return now

        async def announce(name: str) -> None:
            announced.append((loop.time(), name))

        task = asyncio.create_task(ring_when_due(due, announce))
        await asyncio.sleep(10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(main())
    assert [name for _, name in announced] == ["first", "second", "third"]
    assert all(at <= wanted + POLL_SECONDS + 1e-6 for (at, _), wanted in
               zip(announced, (1.2, 1.2, 4.0), strict=True))  # fmt: skip
