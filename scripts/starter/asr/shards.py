"""Clips on disk: shards of log-mel spectrograms (float16) beside the JSON that describes them.

A shard is ``<name>.npy``, frames of all its clips in a row, shape (frames, 80), and
``<name>.json``, one entry a clip. The JSON appears last, by renaming, so a shard that is there is
complete: training can begin while clips are still being made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .features import Floats


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance. Times in seconds from its first frame; ``english`` "" where untranslated."""

    language: str
    text: str
    english: str
    phonemes: str
    voice: str
    frames: int
    start: float
    end: float
    held_out: bool = False
    wav: str = ""


def write(path: Path, clips: Sequence[Clip], mels: Sequence[Floats]) -> None:
    """Write ``path``.npy and ``path``.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path.with_suffix(".npy"), np.concatenate(mels).astype(np.float16))
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(clip) for clip in clips], ensure_ascii=False), "utf-8")
    partial.rename(path.with_suffix(".json"))


def describe(path: Path) -> list[Clip]:
    """The clips of the shard whose JSON this is."""
    return [Clip(**entry) for entry in json.loads(path.read_text("utf-8"))]


def read(path: Path) -> list[tuple[Clip, Floats]]:
    """The clips of the shard whose JSON this is, with their spectrograms (mapped, not loaded)."""
    frames = np.load(path.with_suffix(".npy"), mmap_mode="r")
    clips, start = [], 0
    for clip in describe(path):
        clips.append((clip, frames[start : start + clip.frames]))
        start += clip.frames
    return clips
