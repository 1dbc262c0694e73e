"""How soon the command line answers.

python -m scripts.bench.startup
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from .common import defaults, machine, save, spread

ENGINES = (
    "faster_whisper",
    "ctranslate2",
    "llama_cpp",
    "onnxruntime",
    "sounddevice",
    "webrtcvad",
    "pyttsx3",
    "soxr",
    "av",
    "numpy",
)


def imported() -> list[str]:
    """Which engines ``--help`` imports."""
    command = [sys.executable, "-X", "importtime", "-m", "robot_voice", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    modules = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    return [engine for engine in ENGINES if engine in modules]


def help_seconds() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "robot_voice", "--help"], capture_output=True, check=True)
    return time.perf_counter() - began


def measure(times: int = 10) -> dict[str, Any]:
    help_seconds()  # the first one compiles
    return {
        "command": "python -m scripts.bench.startup",
        "machine": machine(defaults()),
        "engines_imported_by_help": imported(),
        "help_s": spread([help_seconds() for _ in range(times)], 3),
    }


def main() -> None:
    result = measure()
    save("startup", result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
