"""Somebody speaks, or coughs, while the robot does: real streams, real ears, a room with an echo.

    python -m scripts.bench.barge_in [--part voices|busy|noises|backchannels|stops] [--times N]

The robot (``storyteller``) tells a story through the virtual sound card; what it says comes back
into its microphone, and human voices, noises and synthetic words are said into that echo, as loud
as it (0 dB). Both ends are recorded, and every time is a sample of a recording.

*Voices*: heard is one for which the loudspeaker fell silent within ``LIMIT`` of its onset. The
latency is from the first 10 ms of the voice (less than 25 dB below its level) in the microphone to
the last sample at the loudspeaker; the detector's part ends with the window that decided. Voices
whose recordings begin with another sound (the button of the recorder) are left out. *Busy*: again,
with two programs that take all they can get of both cores.

*Noises* without words, and *backchannels*: the story must go on where it stopped: the loudspeaker's
samples, less the zeros, are those that were synthesised, and the turn ends with the whole text.

*Stops*: from the end of the word in the microphone to the event ``StopRequested``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.build import load_vad
from robot_voice.events import StopRequested, Transcribed, TurnEnded
from robot_voice.types import RATE

from .common import machine, save, spread
from .hearing import add_shared, recordings, sound, spoken_from_to
from .intrusions import BACKCHANNELS, STOPS, Intrusion, noises, word
from .rigged import at_level, begins_with_voice, busy, find, gaps, loudness, onset, speech_level
from .storyteller import STORIES, Stage, on_rig, room, stage

LIMIT = 1.0
LONGEST = 2.5
"""Seconds of a clip that are said."""

SILENCE = RATE // 20
"""Samples of zeros that are a silence of the robot's."""

VOICES = ("en_commands", "en_digits", "en_libri", "en_arctic", "en_ljspeech", "ko_emotiontts")
TIMES = {"voices": 60, "busy": 60, "noises": 30, "backchannels": 8, "stops": 6}


# --- voices --------------------------------------------------------------------


def voices(shared: Path, times: int) -> list[Intrusion]:
    """Human voices, in the order of a seeded dice."""
    vad = load_vad(on_rig().config)
    entries = [e for e in recordings(shared, "human") if e["file"].split("/")[0] in VOICES]
    random.Random(1).shuffle(entries)
    chosen: list[Intrusion] = []
    for entry in entries:
        if len(chosen) < times:
            samples = sound(shared, entry)[: round(LONGEST * RATE)]
            if begins_with_voice(vad, samples):
                chosen.append(Intrusion(entry["file"], samples))
    return chosen


async def interrupt(robot: Stage, voice: Intrusion, number: int) -> dict[str, Any]:
    """Speak into a story; how long it took until it stopped, in ms."""
    if not await robot.tell(("en", "ko")[number % 2], 3, random.Random(number).uniform(1.5, 3.0)):
        return {"what": voice.what, "told": False}
    said = at_level(voice.samples, speech_level(voice.samples), robot.echo_level())
    echo = round(1000 * robot.echo_delay())
    at, begun = len(robot.microphone), robot.speaker.at(time.monotonic())
    first = robot.audio.windows[-1].start
    robot.rig.say_later(said)
    await asyncio.sleep(len(said) / RATE + 0.8)
    where, _ = find(said, robot.microphone.cut(at - RATE // 2))
    heard_at = at - RATE // 2 + where + onset(voice.samples)
    begin = robot.microphone.time_of(heard_at)
    silences = [
        robot.speaker.time_of(begun + s) for s, _ in gaps(robot.speaker.cut(begun), SILENCE)
    ]
    windows = [window for window in robot.audio.windows if window.start > first - RATE]
    held = next((window for window in windows if window.held and window.start > first), None)
    silent = next((s for s in silences if s > begin - 0.02), None)
    deaf = sum(not window.samples.any() for window in windows if window.start > first)
    result: dict[str, Any] = {"what": voice.what, "told": True, "heard": False, "echo_ms": echo}
    if held is None or silent is None or silent - begin > LIMIT:
        return result | {"deaf_ms": round(1000 * deaf * len(windows[0].samples) / RATE)}
    joined = np.concatenate([window.samples for window in windows])
    decided = held.start + len(held.samples) - windows[0].start
    there, alike = find(said, joined)
    detector = (decided - there - onset(voice.samples)) / RATE
    total = 1000 * (silent - begin)
    result |= {"heard": True, "ms": round(total)}
    if alike > 0.2:  # else the canceller has left too little to tell where it is
        result |= {"detector": round(1000 * detector), "card": round(total - 1000 * detector)}
    return result


def summary(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    told = [trial for trial in trials if trial["told"]]
    heard = [trial for trial in told if trial["heard"]]
    split = [trial for trial in heard if "detector" in trial]
    result: dict[str, Any] = {"voices": len(told), "heard": len(heard)}
    if heard:
        result["ms"] = spread([trial["ms"] for trial in heard], 0)
    if split:
        result["detector_ms"] = spread([trial["detector"] for trial in split], 0)
        result["card_ms"] = spread([trial["card"] for trial in split], 0)
    unheard = [trial for trial in told if not trial["heard"]]
    result["unheard"] = {trial["what"]: {"deaf_ms": trial["deaf_ms"]} for trial in unheard}
    result["echo_ms"] = spread([trial["echo_ms"] for trial in told], 0) if told else {}
    return result


# --- what is no reason to stop -------------------------------------------------


def understood(robot: Stage) -> list[str]:
    """What the recogniser made of it, and why it was not believed."""
    return [f"{event.transcript.text} ({event.reason})" for event in robot.of(Transcribed)]


async def disturb(
    robot: Stage, noise: Intrusion, number: int, sentences: int = 2
) -> dict[str, Any]:
    """Make a noise in the midst of a story of so many sentences; whether all of it was told, and
    for how long the robot was silent."""
    language = ("en", "ko")[number % 2]
    if not await robot.tell(language, sentences, 1.0):
        return {"what": noise.what, "told": False}
    level = speech_level(noise.samples) if noise.voice else loudness(noise.samples)
    at = len(robot.speaker)
    robot.rig.say_later(at_level(noise.samples, level, robot.echo_level()))
    ended = await robot.until(TurnEnded)
    await asyncio.sleep(0.3)
    turns, sound_made = robot.of(TurnEnded), robot.voice.sound()
    played = robot.speaker.cut(at - 20 * RATE)
    expected, heard = sound_made[sound_made != 0], played[played != 0]
    exact = len(heard) >= len(expected) and np.array_equal(heard[-len(expected) :], expected)
    text = " ".join(STORIES[language][:sentences])
    whole = ended and turns[0].finished and turns[0].heard == text
    inner = [end - start for start, end in gaps(robot.speaker.cut(at), SILENCE)[:-1]]
    return {
        "what": noise.what,
        "told": True,
        "resumed": bool(whole and len(turns) == 1),
        "exact": bool(exact),
        "silent_ms": round(1000 * sum(inner) / RATE),
        "understood": understood(robot),
    }


def undisturbed(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    told = [trial for trial in trials if trial["told"]]
    return {
        "sounds": len(told),
        "resumed": sum(trial["resumed"] for trial in told),
        "sample for sample": sum(trial["exact"] for trial in told),
        "held": sum(trial["silent_ms"] > 0 for trial in told),
        "silent_ms": spread([trial["silent_ms"] for trial in told], 0) if told else {},
        "failed": [t["what"] for t in told if not (t["resumed"] and t["exact"])],
    }


# --- stop ----------------------------------------------------------------------


async def order(robot: Stage, said: Intrusion, number: int) -> dict[str, Any]:
    """Tell the robot to stop; how long after the word it knew, and fell silent, in ms."""
    if not await robot.tell(("en", "ko")[number % 2], 3, 1.5):
        return {"what": said.what, "told": False}
    pcm = at_level(said.samples, speech_level(said.samples), robot.echo_level())
    at, begun = len(robot.microphone), robot.speaker.at(time.monotonic())
    robot.rig.say_later(pcm)
    knew = await robot.until(StopRequested, 4.0)
    await asyncio.sleep(0.5)
    where, _ = find(pcm, robot.microphone.cut(at - RATE // 2, at + 5 * RATE))
    end = at - RATE // 2 + where + round(RATE * spoken_from_to(said.samples)[1])
    over = robot.microphone.time_of(end)
    result: dict[str, Any] = {"what": said.what, "told": True, "stopped": knew}
    result["understood"] = understood(robot)
    if knew:
        result["ms"] = round(1000 * (robot.of(StopRequested)[0].at - over))
        silent = gaps(robot.speaker.cut(begun), SILENCE)
        result["silent_ms"] = round(1000 * (robot.speaker.time_of(begun + silent[0][0]) - over))
    return result


def stopped(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    told = [trial for trial in trials if trial["told"]]
    known = [trial for trial in told if trial["stopped"]]
    result: dict[str, Any] = {"words": len(told), "stopped": len(known)}
    if known:
        result["ms"] = spread([trial["ms"] for trial in known], 0)
        result["silent_ms"] = spread([trial["silent_ms"] for trial in known], 0)
    result["missed"] = [trial["what"] for trial in told if not trial["stopped"]]
    return result


# --- all of it -----------------------------------------------------------------

Act = Callable[[Stage, Intrusion, int], Awaitable[dict[str, Any]]]


def perform(act: Act, sounds: Iterable[Intrusion], cores: int = 0) -> list[dict[str, Any]]:
    """Do this with every sound, on a rig and with a robot of its own."""

    async def all_of_them() -> list[dict[str, Any]]:
        trials: list[dict[str, Any]] = []
        async with stage(rig, on_rig()) as robot:
            with busy(cores):
                for number, each in enumerate(sounds):
                    trials.append(await act(robot, each, number))
                    sys.stdout.write(f"{json.dumps(trials[-1], ensure_ascii=False)}\n")
                    sys.stdout.flush()
        return trials

    with room() as rig:
        return asyncio.run(all_of_them())


def measure(part: str, shared: Path, times: int) -> dict[str, Any]:
    match part:
        case "voices":
            return summary(perform(interrupt, voices(shared, times)))
        case "busy":
            return summary(perform(interrupt, voices(shared, times), cores=2))
        case "noises":
            return undisturbed(perform(disturb, noises(shared, times)))
        case "backchannels":
            return undisturbed(perform(disturb, map(word, BACKCHANNELS[:times])))
        case _:
            return stopped(perform(order, map(word, STOPS[:times])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=[*TIMES, "all"], default="all")
    parser.add_argument("--times", type=int)
    add_shared(parser)
    options = parser.parse_args()
    parts = list(TIMES) if options.part == "all" else [options.part]
    result: dict[str, Any] = {"machine": machine(on_rig())}
    for part in parts:
        result[part] = measure(part, options.shared, options.times or TIMES[part])
    sys.stdout.write(f"{json.dumps(result, ensure_ascii=False, indent=2)}\n")
    if options.part == "all" and not options.times:
        save("barge_in", result)


if __name__ == "__main__":
    main()
