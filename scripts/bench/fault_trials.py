"""Faults of a sound card, and what they are tried on: a daemon in some state of a turn."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from robot_voice import paths
from robot_voice.audio.clips import read_audio, to_int16
from tests.daemon import Daemon
from tests.rig.audiorig import AudioRig, Pcm

from .rigged import prioritise

READY_SECONDS = 3.0
QUESTION_SECONDS = 2.0
"""A sound server that starts offers one device after another for about a second, and an audio
process that PortAudio has hung is given up after 1.3 s and replaced in 0.6 s."""
ANSWER_SECONDS = 6.0
"""From the end of the question to the first sound of its answer, at most, with busy cores."""

FAULT_SECONDS = 1.2
"""How long a fault lasts; the devices need up to 0.3 s to notice."""

STATES = ("listening", "user speaking", "thinking", "robot speaking")

Strike = Callable[[AudioRig], None]

FAULTS: Mapping[str, tuple[Strike, Strike]] = {
    "microphone unplugged": (lambda rig: rig.unplug("mic"), lambda rig: rig.replug("mic")),
    "loudspeaker unplugged": (lambda rig: rig.unplug("speaker"), lambda rig: rig.replug("speaker")),
    "microphone unplugged, stream moved": (
        lambda rig: rig.unplug("mic", rescue=True),
        lambda rig: rig.replug("mic"),
    ),
    "loudspeaker unplugged, stream moved": (
        lambda rig: rig.unplug("speaker", rescue=True),
        lambda rig: rig.replug("speaker"),
    ),
    "microphone suspended": (
        lambda rig: rig.suspend("mic"),
        lambda rig: rig.suspend("mic", on=False),
    ),
    "loudspeaker suspended": (
        lambda rig: rig.suspend("speaker"),
        lambda rig: rig.suspend("speaker", on=False),
    ),
    "microphone rerouted": (
        lambda rig: rig.reroute("mic"),
        lambda rig: rig.reroute("mic", on=False),
    ),
    "loudspeaker rerouted": (
        lambda rig: rig.reroute("speaker"),
        lambda rig: rig.reroute("speaker", on=False),
    ),
    "server frozen": (lambda rig: rig.freeze(), lambda rig: rig.freeze(False)),
    "server killed": (lambda rig: rig.kill_server(), lambda rig: rig.restart_server()),
}

CONFIG = """
[disclosure]
notice = "off"
[audio]
input = "rig_mic"
output = "rig_spk"
echo = "off"
[sounds]
filler = false
[log]
format = "json"
[asr]
model = "starter"
"""

MODEL = """
import sys, time
if "run" in sys.orig_argv:
    import robot_voice.build.loading as loading

    class Teller:
        def generate(self, messages, cancelled):
            if "what can you do" not in messages[-1].text.lower():
                yield "Of course."
                return
            until = time.monotonic() + 2
            while time.monotonic() < until and not cancelled():
                time.sleep(0.02)
            for word in 3 * STORY.split():
                yield word + " "

        def prefill(self, messages, cancelled):
            pass

        def close(self):
            pass

    STORY = ("Once there was a small robot, and it lived beside the sea. "
             "Every morning it counted the boats, and every evening it counted the stars. ")
    loading.load_llm = lambda *_: Teller()
"""
"""A ``sitecustomize``: the daemon's model thinks for two seconds and then tells a long story."""


@dataclass(frozen=True)
class Cycle:
    """One fault, and what came of it. Seconds after the fault's end."""

    state: str
    fault: str
    told: int
    """Changes of a device that the robot told of."""
    ready: float
    asked: float
    """When the question began."""
    understood: bool
    answered: float | None
    """When its answer began to sound."""
    after_question: float | None

    @property
    def served(self) -> bool:
        return self.understood and self.answered is not None and self.ready <= READY_SECONDS


class Story:
    """What the daemon logs, as events."""

    def __init__(self, log: TextIO) -> None:
        self._file = log
        self._rest = ""
        self.events: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """All events so far."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            if line.startswith("{") and "at" in (event := json.loads(line)):
                self.events.append(event)
        return self.events

    def since(self, when: float, *messages: str) -> Iterator[dict[str, Any]]:
        return (e for e in self.read() if e["at"] >= when and e["message"] in messages)

    def wait(self, message: str, since: float, limit: float = 20.0, **fields: Any) -> float | None:
        """When this happened; None: it did not."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for event in self.since(since, message):
                if fields.items() <= event.items():
                    return float(event["at"])
            time.sleep(0.01)
        return None


class Trial:
    """A daemon that meets faults."""

    def __init__(self, state: str, rig: AudioRig, robot: Daemon, story: Story) -> None:
        self._state, self._rig, self._robot, self._story = state, rig, robot, story
        self._short, self._long = (_question(name) for name in ("1-en-hello", "2-en-what-can-you"))

    def cycle(self, fault: str) -> Cycle:
        strike, mend = FAULTS[fault]
        talker = self._until_state()
        struck = time.monotonic()
        strike(self._rig)
        time.sleep(FAULT_SECONDS)
        mend(self._rig)
        prioritise(self._rig.pid)  # the server may be a new one
        mended = time.monotonic()
        if talker:
            talker.join(5)
        asked = max(mended + QUESTION_SECONDS, time.monotonic() + 0.5 * (talker is not None))
        time.sleep(asked - time.monotonic())
        self._rig.say(self._short)
        said = time.monotonic()
        turn, answered = self._served(asked, said)
        changes = list(self._story.since(struck, "device_changed"))
        back = [e["at"] - mended for e in changes if e["present"]]
        here = {e["device"]: e["present"] for e in changes}
        ready = max([0.0, *back]) if all(here.values()) else float("inf")
        self._settle(turn, asked)
        return Cycle(
            self._state,
            fault,
            len(changes),
            round(ready, 2),
            round(asked - mended, 2),
            turn is not None,
            answered and round(answered - mended, 2),
            answered and round(answered - said, 2),
        )

    def _until_state(self) -> threading.Thread | None:
        """Bring the robot into the state; the talker, if there is one."""
        if self._state == "listening":
            time.sleep(0.3)
            return None
        began = time.monotonic()
        talker = self._rig.say_later(self._long)
        event, rest = {
            "user speaking": ("user_started", 0.2),
            "thinking": ("committed", 0.4),
            "robot speaking": ("speaking_started", 1.0),
        }[self._state]
        if self._story.wait(event, began) is None:
            raise RuntimeError(f"no {event} in {self._state}")
        time.sleep(rest)
        return talker

    def _served(self, asked: float, said: float) -> tuple[int | None, float | None]:
        """The turn that understood the question, and when its answer began to sound."""
        end, turn = said + ANSWER_SECONDS, None
        while time.monotonic() < end:
            accepted = {
                event["turn"]
                for event in self._story.since(asked, "transcribed")
                if event["verdict"] == "accept" and event["transcript_text_length"] == len("Hello.")
            }
            turn = max(accepted, default=None)
            for event in self._story.since(asked, "speaking_started"):
                if event["turn"] in accepted:
                    return event["turn"], event["at"]
            time.sleep(0.01)
        return turn, None

    def _settle(self, turn: int | None, asked: float) -> None:
        """Wait until the robot has finished, so that the next cycle begins like this one."""
        if turn is None or self._story.wait("turn_ended", asked, turn=turn) is None:
            time.sleep(15)
        time.sleep(0.3)

    def resources(self) -> dict[str, dict[str, float]]:
        """Of the daemon and of its audio process."""
        audio = self._robot.audio_process()
        programs = {"daemon": audio.parent() or audio, "audio process": audio}
        return {
            name: {
                "threads": program.num_threads(),
                "handles": program.num_fds(),
                "children": len(program.children()),
                "rss_mb": program.memory_info().rss / 2**20,
                "pid": program.pid,
            }
            for name, program in programs.items()
        }


def _question(name: str) -> Pcm:
    (file,) = (paths.starter_models() / "questions").glob(f"{name}*.wav")
    return to_int16(read_audio(file))
