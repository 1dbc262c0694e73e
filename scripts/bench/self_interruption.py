"""Does the robot interrupt itself? It speaks into a simulated room, and nobody else does.

    python -m scripts.bench.self_interruption [--minutes 20] [--mode aec|half-duplex|off]

Real streams through a virtual sound card. The robot's sentences (espeak-ng, English and Korean)
come back after 20 to 300 ms with reverberation of 0.2 and 0.6 s at -6 dB, and from a loudspeaker
that clips; ``--minutes`` of speech are shared out among these rooms. An *interruption* is a moment
in which the audio process held the loudspeaker for a voice, or the segmenter heard somebody start
to speak. Without ``--mode`` all three ways to deal with the echo run at the same time, each on a
sound card of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from robot_voice.audio.clips import read_audio
from robot_voice.build import segmenter
from robot_voice.config import AudioConfig, Config, VadConfig
from robot_voice.events import EchoChanged, Event
from robot_voice.types import RATE, Heard, Samples, SoftEnd, Speech, SpeechStarted
from tests.rig.audiorig import AudioRig

from .common import defaults, machine, save
from .rigged import WatchedAudio, prioritise

MODES = ("aec", "half-duplex", "off")

ONE_MOMENT = 1.0
"""Seconds: what comes so soon after the first is the same interruption."""

SENTENCES = {
    "en-us": (
        "Good morning. I can tell you about the weather, if you like.",
        "The nearest station is about ten minutes from here, on the other side of the river.",
        "Once upon a time there was a small robot who lived in a library.",
        "I am sorry, I did not understand the last part of your question.",
        "Yes.",
        "Turn left at the second corner, go straight on, and then ask somebody else.",
    ),
    "ko": (
        "안녕하세요. 오늘 날씨는 맑고 바람이 조금 붑니다.",
        "옛날 옛적에 작은 로봇이 도서관에 살면서 매일 밤 책을 한 권씩 읽었습니다.",
        "가장 가까운 역은 강 건너편에 있고 걸어서 십 분쯤 걸립니다.",
        "네, 알겠습니다.",
        "죄송하지만 질문의 마지막 부분을 이해하지 못했습니다.",
    ),
}

PAUSES = (0.0, 0.15, 1.5, 0.0, 0.4, 3.0)
"""Seconds of silence after a sentence, in turn: within an answer, and between answers."""


@dataclass(frozen=True, slots=True)
class Room:
    delay_ms: float
    rt60: float
    clip: float = 1.0

    def __str__(self) -> str:
        clipped = f", clipped at {self.clip}" if self.clip < 1 else ""
        return f"{self.delay_ms:.0f} ms, rt60 {self.rt60}{clipped}"


CLIP = 0.1
"""Of full scale, where a sentence peaks at 0.4 or more: 12 dB too loud for the loudspeaker."""

ROOMS = (
    *(Room(delay, rt60) for delay in (20, 60, 120, 300) for rt60 in (0.2, 0.6)),
    *(Room(60, rt60, CLIP) for rt60 in (0.2, 0.6)),
)


@dataclass(slots=True)
class Counts:
    """What happened in one room."""

    spoken: float = 0.0
    holds: int = 0
    starts: int = 0
    moments: list[float] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def interrupted(self, at: float) -> None:
        """Something was taken for a voice, ``at`` seconds of the microphone."""
        self.moments.append(at)

    @property
    def interruptions(self) -> int:
        count, last = 0, -ONE_MOMENT
        for moment in sorted(self.moments):
            if moment - last >= ONE_MOMENT:
                count, last = count + 1, moment
        return count

    def told(self) -> dict[str, Any]:
        return {
            "spoken_seconds": round(self.spoken, 1),
            "interruptions": self.interruptions,
            "holds": self.holds,
            "starts": self.starts,
            "echo_changes": self.changes,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0, help="of speech, in each mode")
    parser.add_argument("--mode", choices=MODES)
    options = parser.parse_args()
    if missing := AudioRig.missing():
        sys.exit(f"no virtual sound card: {missing}")
    if options.mode:
        sys.stdout.write(json.dumps(spoken_through(options.mode, options.minutes), indent=2) + "\n")
        return
    modes = in_parallel(options.minutes)
    result = {"machine": machine(defaults()), "minutes": options.minutes, **modes}
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    if options.minutes >= 20:
        save("self_interruption", result)


def in_parallel(minutes: float) -> dict[str, Any]:
    """All modes at once, each in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--minutes", str(minutes), "--mode"]
    runs = [subprocess.Popen([*command, mode], stdout=subprocess.PIPE, text=True) for mode in MODES]
    said = [run.communicate()[0] for run in runs]
    if any(run.returncode for run in runs):
        sys.exit("one of the three runs failed")
    return {mode: json.loads(text) for mode, text in zip(MODES, said, strict=True)}


def spoken_through(mode: str, minutes: float) -> dict[str, Any]:
    """``minutes`` of speech in all rooms together."""
    seconds = 60 * minutes / len(ROOMS)
    rooms = dict[str, dict[str, Any]]()
    with tempfile.TemporaryDirectory(prefix="si-") as folder, AudioRig(Path(folder, "rig")) as rig:
        prioritise(rig.pid)
        voice = cycle(list(sentences(Path(folder))))
        for room in ROOMS:
            walls = rig.room(room.delay_ms, -6, room.rt60, room.clip)
            prioritise(walls.pid)
            counts = asyncio.run(speak(mode, seconds, voice))
            walls.kill()
            walls.wait()
            rooms[str(room)] = counts.told()
    total = sum(counts["interruptions"] for counts in rooms.values())
    return {"interruptions": total, "rooms": rooms}


def sentences(folder: Path) -> Iterator[Samples]:
    """All of them as sound, the languages in turn as far as there are sentences."""
    for number in range(max(map(len, SENTENCES.values()))):
        for language, texts in SENTENCES.items():
            file = folder / "sentence.wav"
            command = ["espeak-ng", "-v", language, "-w", str(file), texts[number % len(texts)]]
            subprocess.run(command, check=True)
            yield read_audio(file)


async def speak(mode: str, seconds: float, voice: Iterator[Samples]) -> Counts:
    """Say sentences until they have lasted for ``seconds``."""
    counts = Counts()

    def note(event: Event) -> None:
        if isinstance(event, EchoChanged):
            counts.changes.append(f"{event.mode}: {event.reason}")

    config = AudioConfig.model_validate({"input": "rig_mic", "output": "rig_spk", "echo": mode})
    audio = CountingAudio(config, VadConfig(), note)
    audio.counts = counts
    async with audio:
        await audio.first_status()
        async with audio.listen() as frames, asyncio.TaskGroup() as tasks:
            ears = tasks.create_task(listen(frames, counts))
            for pause in cycle(PAUSES):
                sentence = next(voice)
                await audio.play(Speech(sentence, RATE))
                counts.spoken += len(sentence) / RATE
                if pause:
                    await audio.drain()
                    await asyncio.sleep(pause)
                if counts.spoken >= seconds:
                    break
            await audio.drain()
            await asyncio.sleep(1.0)  # for the echo's end
            ears.cancel()
    return counts


class CountingAudio(WatchedAudio):
    """Counts when the audio process holds the loudspeaker for a voice."""

    counts: Counts
    _was_held = False

    def _heard_window(self, window: Any) -> None:
        if window.held and not self._was_held:
            self.counts.holds += 1
            self.counts.interrupted(window.start / RATE)
        self._was_held = window.held
        super()._heard_window(window)


async def listen(frames: AsyncIterator[Heard], counts: Counts) -> None:
    """The robot's own idea of when somebody speaks."""
    parts = segmenter(Config())
    async for heard in frames:
        for event in parts.push(heard):
            if isinstance(event, SpeechStarted):
                counts.starts += 1
                counts.interrupted(event.at)
            elif isinstance(event, SoftEnd):
                parts.close()


if __name__ == "__main__":
    main()
