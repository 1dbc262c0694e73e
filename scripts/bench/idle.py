"""What listening to silence costs: processor time and memory of the daemon and its audio process.

    python -m scripts.bench.idle [--minutes 10] [--noise -55]

``--noise``: level in dBFS of white noise in front of the virtual microphone, as in a quiet room;
without it the silence is digital, and the detector is not asked.

Needs a sound card, or the virtual one of ``tests/rig`` (PulseAudio), which it starts by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil

from robot_voice.types import RATE
from tests.rig.audiorig import AudioRig, Pcm

from .common import ROOT, defaults, machine, save

SETTLE_SECONDS = 15.0
SAMPLE_SECONDS = 5.0


def family(daemon: psutil.Process) -> list[psutil.Process]:
    return [daemon, *daemon.children(recursive=True)]


def cpu_seconds(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(time.user + time.system for time in times))


def resident(processes: list[psutil.Process]) -> float:
    """MiB."""
    return float(sum(process.memory_info().rss for process in processes) / 2**20)


def watch(daemon: psutil.Process, minutes: float) -> dict[str, Any]:
    time.sleep(SETTLE_SECONDS)
    processes = family(daemon)
    began, used = time.monotonic(), cpu_seconds(processes)
    memory = [resident(processes)]
    while time.monotonic() - began < 60 * minutes:
        time.sleep(SAMPLE_SECONDS)
        memory.append(resident(processes))
    elapsed = time.monotonic() - began
    tenth = max(1, len(memory) // 10)
    return {
        "minutes": round(elapsed / 60, 1),
        "processes": len(processes),
        "cpu_percent_of_one_core": round(100 * (cpu_seconds(processes) - used) / elapsed, 2),
        "rss_start_mb": round(sum(memory[:tenth]) / tenth, 1),
        "rss_end_mb": round(sum(memory[-tenth:]) / tenth, 1),
    }


def noise(dbfs: float, seconds: float) -> Pcm:
    """Mono 16-bit white noise at ``RATE``."""
    level = 32767 * 10 ** (dbfs / 20)
    dice = np.random.default_rng(0)
    return (level * dice.standard_normal(round(seconds * RATE), np.float32)).astype(np.int16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--noise", type=float)
    options = parser.parse_args()
    with AudioRig(rate=RATE) as rig:
        if options.noise is not None:
            rig.say_later(noise(options.noise, 60 * options.minutes + 2 * SETTLE_SECONDS))
        command = [sys.executable, "-m", "robot_voice", "run", "--config", "default"]
        daemon = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"ROBOT_VOICE_DEBUG": ""})
        try:
            figures = watch(psutil.Process(daemon.pid), options.minutes)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)
    result = {
        "command": " ".join(["python -m scripts.bench.idle", *sys.argv[1:]]),
        "noise_dbfs": options.noise,
        "machine": machine(defaults()),
        **figures,
    }
    save("idle" if options.noise is None else "idle_noise", result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
