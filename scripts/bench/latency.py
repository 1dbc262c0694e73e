"""The latency waterfall: from the end of speech to the first sample of the answer.

    python -m scripts.bench.latency [--rounds 5]

Streams the shipped questions at real-time pace through the pipeline, ``rounds`` times in one
process (warm), and once each in a new process (cold start to listening, first turn).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from typing import Any

from robot_voice.audio.clips import read_audio
from robot_voice.audio.file import FileMicrophone, FileSpeaker
from robot_voice.build import assemble, load_vad
from robot_voice.demo import questions
from robot_voice.service.ledger import STEPS, Ledger, TurnRecord

from .common import defaults, machine, save, spread


async def converse(files: int | None, rounds: int) -> tuple[float, list[TurnRecord]]:
    """Seconds from the first instruction to listening, and the turns."""
    began = time.perf_counter()
    loaded = defaults()
    asked = questions()[:files] * rounds
    clips = [read_audio(file) for file in asked]
    turns: list[TurnRecord] = []
    ledger = Ledger(on_end=turns.append)
    vad = load_vad(loaded.config)
    speaker = FileSpeaker(loaded.config.audio.ahead_seconds)
    microphone = FileMicrophone(clips, vad, ready=lambda: assistant.pipeline.idle)
    async with assemble(loaded, microphone.listen, speaker, ledger) as assistant:
        listening = time.perf_counter() - began
        await assistant.pipeline.run()
    return listening, turns


def cold() -> dict[str, Any]:
    """One turn in a new process. ``started``: seconds from the command to listening."""
    began = time.time()
    command = [sys.executable, "-m", "scripts.bench.latency", "--one", str(began)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def one(began: float) -> None:
    """The child's part of ``cold``."""
    imported = time.time() - began
    listening, turns = asyncio.run(converse(1, 1))
    sys.stdout.write(
        json.dumps({"started": imported + listening, "latency": turns[0].to_json()["latency"]})
    )


def excess(turns: list[dict[str, float]]) -> tuple[list[float], list[float]]:
    """Milliseconds from the end of the patience to the first sample: all turns, and those whose
    reply was ready before the commit."""
    every = [turn["first_sample"] - turn["patience"] for turn in turns]
    ready = [
        late
        for turn, late in zip(turns, every, strict=True)
        if turn["reply_ready"] <= turn["commit"]
    ]
    return every, ready


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cold", type=int, default=5, help="how many cold starts")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one)
        return
    colds = [cold() for _ in range(options.cold)]
    _, records = asyncio.run(converse(None, options.rounds))
    turns = [record.to_json()["latency"] for record in records]
    every, ready = excess(turns)
    result = {
        "command": "python -m scripts.bench.latency",
        "machine": machine(defaults()),
        "turns": len(turns),
        "steps_ms": {step: spread([turn[step] for turn in turns]) for step in STEPS},
        "after_patience_ms": spread(every),
        "after_patience_ready_ms": spread(ready) if ready else None,
        "cold_start_to_listening_s": spread([c["started"] for c in colds], 2),
        "cold_first_turn_after_patience_ms": spread(
            [c["latency"]["first_sample"] - c["latency"]["patience"] for c in colds]
        ),
    }
    save("latency", result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
