"""Cancelling a turn at random moments: how soon the loop and the engines are free again.

    python -m scripts.bench.cancel [--times 200]

Each time a question is streamed to the real engines, and the turn is cancelled at a random moment
after the soft end: half of them within 0.3 s, while the engines work, half within 3 s, while the
robot speaks. Everything that happens afterwards is watched: nothing of the turn may be heard,
stored or acted on. Runs faster than real time; engines take their true time (``clock.FastLoop``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys

from robot_voice.audio.clips import read_audio
from robot_voice.audio.file import FileMicrophone, FileSpeaker
from robot_voice.build import Assistant, assemble, load_vad
from robot_voice.clock import FastLoop
from robot_voice.demo import questions
from robot_voice.events import ActionSubmitted, Committed, Event, SentenceScreened, UserPaused

from .common import defaults, machine, save, spread

WATCH_SECONDS = 0.3
"""How long after a cancel anything of the turn would be noticed."""


class Watch:
    """What has happened, and when the latest turn began."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.paused = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, UserPaused):
            self.paused.set()


async def cancel_one(
    assistant: Assistant, speaker: FileSpeaker, watch: Watch, after: float
) -> dict[str, float | bool]:
    """Cancel the turn ``after`` seconds from its soft end; milliseconds until all was free."""
    loop = asyncio.get_running_loop()
    await watch.paused.wait()
    await asyncio.sleep(after)
    began = loop.time()
    await assistant.pipeline.interrupt()
    free = loop.time()
    workers = assistant.workers
    await asyncio.gather(
        *(worker.call(lambda: None) for worker in (workers.asr, workers.llm, workers.tts))
    )
    engines = loop.time()
    heard, told = len(speaker.played()), len(watch.events)
    stored = assistant.conversation.messages()
    await asyncio.sleep(WATCH_SECONDS)
    late = [
        event
        for event in watch.events[told:]
        if isinstance(event, Committed | ActionSubmitted | SentenceScreened)
    ]
    watch.paused.clear()
    clean = (
        len(speaker.played()) == heard and assistant.conversation.messages() == stored and not late
    )
    return {"loop": 1000 * (free - began), "engines": 1000 * (engines - began), "clean": clean}


async def measure(times: int, seed: int) -> list[dict[str, float | bool]]:
    dice = random.Random(seed)
    loaded = defaults()
    clips = [read_audio(file) for file in questions()]
    asked = [dice.choice(clips) for _ in range(times)]
    speaker, watch = FileSpeaker(loaded.config.audio.ahead_seconds), Watch()
    done: list[dict[str, float | bool]] = []

    def ready() -> bool:  # the next question comes when the one before was cancelled and watched
        begun = sum(isinstance(event, UserPaused) for event in watch.events)
        return len(done) >= begun

    microphone = FileMicrophone(asked, load_vad(loaded.config), ready)
    async with (
        assemble(loaded, microphone.listen, speaker, watch) as assistant,
        asyncio.TaskGroup() as tasks,
    ):
        running = tasks.create_task(assistant.pipeline.run())
        for _ in range(times):
            done.append(
                await cancel_one(
                    assistant, speaker, watch, dice.uniform(0, dice.choice([0.3, 3.0]))
                )
            )
        running.cancel()
    return done


def _run(times: int, seed: int) -> list[dict[str, float | bool]]:
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(measure(times, seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    moments = _run(options.times, options.seed)
    result = {
        "command": f"python -m scripts.bench.cancel --times {options.times}",
        "machine": machine(defaults()),
        "loop_free_ms": spread([float(m["loop"]) for m in moments], 2),
        "engines_free_ms": spread([float(m["engines"]) for m in moments], 2),
        "unclean": sum(not m["clean"] for m in moments),
    }
    save("cancel", result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
