"""What the benchmarks of the language model have in common: a model of true shape, and its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robot_voice.models.registry import model_hash
from robot_voice.settings import Loaded

from .common import machine
from .untrained import make

_PART = 1 << 24


def warmed(shape: str, folder: Path) -> Path:
    """The file of an untrained model, made if need be, and then read once: it is mapped, and a
    page that comes from the disk in the middle of a token would be measured too."""
    path = make(shape, folder)
    part = bytearray(_PART)
    with path.open("rb", buffering=0) as file:
        while file.readinto(part):
            pass
    return path


def about(loaded: Loaded, threads: int, files: Mapping[str, Path]) -> dict[str, Any]:
    """``common.machine``, with the threads and models (by shape) that these figures are of.

    Asked before anything is measured, the load average is that of the others.
    """
    models = {
        shape: {"name": f"untrained {shape}", "file": file.name, "sha256": model_hash(file)}
        for shape, file in files.items()
    }
    return machine(loaded) | {"threads": threads, "models": models}
