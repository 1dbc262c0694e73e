"""All of it in two minutes, from nothing: that the scripts still work, not that the model is good.

    python -m scripts.starter.asr.smoke --seconds 120

Synthesises a few hundred clips, trains, kills the training and goes on, sees the loss fall, exports
and lets faster-whisper transcribe. Exit status 1 and a reason when a step fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel

from .console import command_line, say
from .export import export
from .features import RATE

CLIPS = 150
SMALL = ("--frames", "2400", "--warm-up", "5", "--report", "1")
"""Small steps, many of them, at full speed soon."""
FALL = 0.9
"""The last losses must be below this share of the first."""
SIZE = 16e6
"""Bytes the exported model may have."""
SYNTHESIS, TRAINING = 0.25, 0.3
"""Shares of the time: synthesis at most, and each of two legs of training."""
ABOUT = 10.0
"""Seconds in which a leg of training is loaded."""


class SmokeError(Exception):
    """A step did not do what it should."""


def main() -> None:
    """Run the steps."""
    parser = command_line(__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            steps(folder, options.seconds)
        except SmokeError as error:
            raise SystemExit(f"smoke: {error}") from error
    say(f"smoke: all is well after {time.monotonic() - began:.0f} s")


def steps(folder: Path, seconds: float) -> None:
    """Synthesise, train twice, export, transcribe. Raises ``SmokeError``."""
    clips, run, model = folder / "clips", folder / "run", folder / "model"
    number = 0
    until = time.monotonic() + SYNTHESIS * seconds
    while number == 0 or (number < 4 and time.monotonic() < until):
        _module("synthesise", clips, "--shards", number, number + 1, "--clips", CLIPS)
        number += 1
    minutes = max(0.05, (TRAINING * seconds - ABOUT) / 60)
    for leg in ("from nothing", "from the checkpoint", "to the end"):
        say(f"smoke: training {leg}")
        decay = ["--decay"] if leg == "to the end" else []
        share = 0.2 if decay else 0.8
        _module("train", clips, run, "--minutes", share * minutes, *SMALL, *decay)
    falls(run / "log.jsonl")
    size = export(run / "decayed-0.pt", model)
    if size > SIZE:
        raise SmokeError(f"the exported model has {size / 1e6:.1f} MB")
    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", local_files_only=True)
    segments, info = whisper.transcribe(np.zeros(2 * RATE, np.float32), without_timestamps=True)
    say("smoke: transcribed, language", info.language, [segment.text for segment in segments])


def falls(log: Path) -> None:
    """Look at the losses of the log. Raises ``SmokeError`` when they do not fall."""
    losses = [json.loads(line)["text"] for line in log.read_text("utf-8").splitlines()]
    third = len(losses) // 3
    if third == 0:
        raise SmokeError(f"only {len(losses)} steps in the time given: give it more")
    first, last = np.mean(losses[:third]), np.mean(losses[-third:])
    say(f"smoke: loss {first:.2f} -> {last:.2f} in {len(losses)} steps")
    if last > FALL * first:
        raise SmokeError(f"the loss does not fall: {first:.2f} -> {last:.2f}")


def _module(name: str, *arguments: object) -> None:
    command = [sys.executable, "-m", f"{__package__}.{name}", *map(str, arguments)]
    if subprocess.run(command, check=False).returncode:
        raise SmokeError(f"{name} failed")


if __name__ == "__main__":
    main()
