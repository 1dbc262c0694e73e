"""What the benchmarks of the ears share: test recordings, mixing, and where speech really is."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_voice.audio.clips import read_audio
from robot_voice.engines import Vad
from robot_voice.types import RATE, AudioFrame, Heard, Samples

from .common import ROOT

STEP = RATE // 100
"""Samples of a measured level: 10 ms."""

DYNAMICS_DB, ABOVE_NOISE_DB = 30.0, 8.0
"""Speech is what is less than this below the loudest tenth, and this much above the quietest
twentieth of a clean recording: the energy labels of the recordings' makers."""


SHORTEST, GAP = 12, 15
"""In 10 ms: no word is shorter than 0.12 s, and no stop within one is silent for 0.15 s."""


def add_shared(parser: argparse.ArgumentParser) -> None:
    """The option for where the test recordings are; they are no part of the project."""
    shared = os.environ.get("ROBOT_VOICE_SHARED", ROOT.parent / "shared")
    parser.add_argument("--shared", type=Path, default=Path(shared))


def recordings(shared: Path, *kinds: str) -> list[dict[str, Any]]:
    """The manifest's entries of these kinds (human, tts, noise, music, silence)."""
    if not (shared / "audio" / "manifest.jsonl").is_file():
        sys.stdout.write("left out: the shared recordings are not here (ROBOT_VOICE_SHARED)\n")
        raise SystemExit(0)
    lines = (shared / "audio" / "manifest.jsonl").read_text("utf-8").splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [entry for entry in entries if entry["kind"] in kinds]


def sound(shared: Path, entry: dict[str, Any]) -> Samples:
    return read_audio(shared / "audio" / entry["file"])


def quiet(seconds: float, seed: int = 0) -> Samples:
    """A silent room with a microphone in it: white noise at -80 dBFS."""
    noise = np.random.default_rng(seed).normal(0, 1e-4, round(seconds * RATE))
    return noise.astype(np.float32)


def probabilities(vad: Vad, samples: Samples) -> list[float]:
    """What the detector thinks of each of its windows, from a fresh start."""
    vad.reset()
    windows = len(samples) // vad.window
    cut = samples[: windows * vad.window].reshape(windows, vad.window)
    return [vad.probability(window) for window in cut]


def frames(speech: Sequence[float], window: int, samples: Samples | None = None) -> Iterator[Heard]:
    """The same as the segmenter is given it; without ``samples`` the frames are silent."""
    silent = np.zeros(window, np.float32)
    for number, value in enumerate(speech):
        at = number * window
        cut = silent if samples is None else samples[at : at + window]
        yield Heard(AudioFrame(cut, at / RATE), value)


def levels(samples: Samples) -> Samples:
    """dBFS of every 10 ms."""
    count = len(samples) // STEP
    power = np.mean(np.square(samples[: count * STEP].reshape(count, STEP)), axis=1)
    decibels: Samples = 10 * np.log10(power + 1e-10)
    return decibels


def voiced(samples: Samples) -> NDArray[np.bool_]:
    """Which 10 ms of a clean recording are speech, by their level alone.

    Sounds of less than ``SHORTEST`` with silence around them are clicks, mostly of the recorder.
    """
    level = levels(samples)
    loud, low = np.percentile(level, 90), np.percentile(level, 5)
    spoken: NDArray[np.bool_] = level > max(loud - DYNAMICS_DB, low + ABOVE_NOISE_DB)
    where = np.flatnonzero(spoken)
    for group in np.split(where, np.flatnonzero(np.diff(where) > GAP) + 1):
        if len(group) < SHORTEST:
            spoken[group] = False
    return spoken


def spoken_from_to(samples: Samples) -> tuple[float, float]:
    """Seconds at which the speech in a clean recording begins and ends."""
    where = np.flatnonzero(voiced(samples))
    if len(where) == 0:
        return 0.0, len(samples) / RATE
    return float(where[0]) / 100, float(where[-1] + 1) / 100


def mixed(speech: Samples, noise: Samples, snr_db: float, at: int = 0) -> Samples:
    """Speech in noise: ``noise`` from its sample ``at`` on, repeated as needed, at a ratio that
    counts only where there is speech."""
    active = np.repeat(voiced(speech), STEP)
    power = float(np.mean(np.square(speech[: len(active)][active]))) if active.any() else 1e-6
    noise = np.resize(np.roll(noise, -at), len(speech))
    gain = np.sqrt(power / (float(np.mean(np.square(noise))) + 1e-12) / 10 ** (snr_db / 10))
    both: Samples = (speech + gain * noise).astype(np.float32)
    return both / max(1.0, float(np.max(np.abs(both))))
