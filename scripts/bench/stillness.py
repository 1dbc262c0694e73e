"""An hour in which nobody speaks: how often does the robot believe that somebody did?

    python -m scripts.bench.stillness [--minutes 60]

Noises, music and silence of the test recordings and made-up motors, in pieces of ``PIECE`` seconds
at levels from very loud to hardly heard, through the real detector, segmenter, recogniser (the
starter) and judgement, faster than real time. A turn is *committed* when words, or the wish to
hear them again, outlast the endpoint policy's patience. Motors run half of the time with the motion
hook, half without. The rounds differ in offset and level; the dice are seeded.

Three recordings that the test set keeps with its noises have people in them: two in which they
talk, and one in which they breathe and sigh. They are heard as well, and counted apart.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.asr.gate import load_gate
from robot_voice.build import (
    find_models,
    judge,
    load_actions,
    load_asr,
    load_vad,
    segmenter,
    stop_word,
    with_fallback,
)
from robot_voice.config import Config
from robot_voice.engines import Asr
from robot_voice.settings import Loaded
from robot_voice.types import RATE, Judgement, Samples, SoftEnd, Transcript, Utterance
from robot_voice.vad.endpoint import Patience, patience

from .common import defaults, machine, save
from .detectors import VOICES
from .hearing import add_shared, frames, probabilities, quiet, recordings, sound

PEOPLE = ("voices", "breath")
"""Kinds of sound in which there is somebody: to answer, or to ask, is no mistake there."""

PIECE = 30.0
LEVELS_DB = (-50.0, -12.0)
"""dBFS of a piece: from a murmur to as loud as a voice close by."""


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    samples: Samples
    motion: float = 0.0


@dataclass(frozen=True, slots=True)
class Robot:
    """Everything between the microphone and the decision to answer."""

    config: Config
    asr: Asr
    judge: Callable[[Transcript, Utterance], Judgement]
    waits: Patience


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    add_shared(parser)
    options = parser.parse_args()
    loaded = defaults()
    robot = awake(loaded)
    seconds: dict[str, float] = defaultdict(float)  # by kind, like all that is counted
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for piece in pieces(options.shared):
        if still(seconds) >= 60 * options.minutes:
            break
        seconds[piece.kind] += len(piece.samples) / RATE
        counts[piece.kind] += listen(robot, piece)
    totals = {
        name: still({kind: count[name] for kind, count in counts.items()})
        for name in ("utterances", "with words", "accept", "ask")
    }
    result = {
        "machine": machine(loaded),
        "minutes": round(still(seconds) / 60, 1),
        "committed": totals["accept"] + totals["ask"],
        **totals,
        "by kind": {
            kind: {"minutes": round(seconds[kind] / 60, 1), **counts[kind]} for kind in seconds
        },
    }
    print(json.dumps(result, indent=2))  # noqa: T201
    if options.minutes >= 60:
        save("stillness", result)


def still(by_kind: Mapping[str, float]) -> float:
    """The sum over the sounds without people."""
    return sum(value for kind, value in by_kind.items() if kind not in PEOPLE)


def awake(loaded: Loaded) -> Robot:
    config = loaded.config
    model, commands = find_models(loaded).asr, load_actions(loaded)
    gate = load_gate(model.path)
    asr = with_fallback(load_asr(config, model), config, gate, commands)
    waits = config.endpoint
    return Robot(
        config,
        asr,
        partial(judge, gate, stop_word(config, commands), config.vad.pre_roll_seconds),
        Patience(waits.complete_seconds, waits.unknown_seconds, waits.unfinished_seconds),
    )


# --- what is heard -----------------------------------------------------------------------


def pieces(shared: Path) -> Iterator[Piece]:
    """Without end: a round of all sounds, then another one that begins elsewhere in them."""
    dice = np.random.default_rng(0)
    sounds = [
        ("voices" if Path(entry["file"]).stem in VOICES else entry["kind"], sound(shared, entry))
        for entry in recordings(shared, "noise", "music", "silence")
    ]
    sounds += [("breath", sound(shared, entry)) for entry in _breaths(shared)]
    while True:
        for kind, samples in sounds:
            yield Piece(kind, _piece(samples, dice))
        for motion in (0.0, 0.6):
            yield Piece("motor" if motion else "motor, not told", _piece(motor(dice), dice), motion)
        yield Piece("silence", quiet(PIECE, int(dice.integers(1 << 30))))


def _breaths(shared: Path) -> Iterator[dict[str, Any]]:
    for entry in recordings(shared, "human"):
        if entry["file"].startswith("noise/"):
            yield entry


def _piece(samples: Samples, dice: np.random.Generator) -> Samples:
    """``PIECE`` seconds from anywhere in the sound, repeated, at any level."""
    looped = np.resize(np.roll(samples, -int(dice.integers(len(samples)))), round(PIECE * RATE))
    rms = float(np.sqrt(np.mean(np.square(looped)))) + 1e-9
    gain = 10 ** (dice.uniform(LEVELS_DB[0], LEVELS_DB[1]) / 20) / rms
    cut: Samples = np.clip(gain * looped, -1, 1).astype(np.float32)
    return cut


def motor(dice: np.random.Generator) -> Samples:
    """A servo that moves, holds and moves again: the whine of its speed with harmonics, and the
    rattle of its gears, which is noise in the rhythm of the teeth."""
    time = np.arange(round(PIECE * RATE)) / RATE
    corners = np.cumsum(dice.uniform(0.3, 2.5, 64))
    speed = np.interp(time, corners, np.repeat(dice.uniform(0, 1, 32) ** 2, 2)[:64])
    phase = 2 * np.pi * np.cumsum(dice.uniform(250, 900) * speed) / RATE
    weights = dice.uniform(0.2, 1, 12) / np.arange(1, 13)
    whine = sum(weight * np.sin((n + 1) * phase) for n, weight in enumerate(weights))
    teeth = 0.5 + 0.5 * np.sin(phase / dice.integers(3, 9))
    rattle = np.convolve(dice.standard_normal(len(time)), np.hanning(9) / 4, "same") * teeth
    moving: Samples = (np.minimum(1, 5 * speed) * (whine + rattle)).astype(np.float32)
    return moving


# --- what is made of it ------------------------------------------------------------------


def listen(robot: Robot, piece: Piece) -> Counter[str]:
    """How many utterances there were, what was thought of them, and how many were committed."""
    vad, parts = load_vad(robot.config), segmenter(robot.config)
    parts.motion(piece.motion)
    counts: Counter[str] = Counter()
    due, verdict = 0.0, "ignore"
    for item in frames(probabilities(vad, piece.samples), vad.window, piece.samples):
        for event in parts.push(item):
            verdict = "ignore"
            if isinstance(event, SoftEnd):
                transcript = robot.asr.transcribe(event.utterance)
                verdict = robot.judge(transcript, event.utterance).verdict
                due = patience(transcript, robot.waits)
                counts["utterances"] += 1
                counts["with words"] += bool(transcript.text)
                if verdict == "ignore":
                    parts.close()
        if verdict != "ignore" and parts.silence >= due:
            counts[verdict] += 1
            parts.close()
            verdict = "ignore"
    return counts


if __name__ == "__main__":
    main()
