"""English commands through PocketSphinx beside the starter model, on human speech, and what both
make of sounds that are no command.

    python -m scripts.bench.sphinx [--each 60] [--shared FOLDER]

Everything passes the product's voice detector and segmenter first. Two grammars: the robot's own
commands, which few recordings of people hold, and for ``en_commands`` the sentences of that set
itself, which shows what the closed grammar can do for commands people really say. Needs the shared
recordings (``ROBOT_VOICE_SHARED``, else ``../shared``), espeak-ng and the extra [sphinx].
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.actions.commands import CommandTable, normalise
from robot_voice.asr.sphinx import THRESHOLD, PhraseSpotter, Spotted
from robot_voice.audio.clips import read_audio
from robot_voice.build import find_models, load_actions, load_asr, load_vad, segmenter
from robot_voice.engines import Asr
from robot_voice.types import (
    RATE,
    AudioFrame,
    Heard,
    Samples,
    SoftEnd,
    Transcript,
    Utterance,
)

from .common import ROOT, defaults, machine, save, spread

LONG_PAUSE = 0.7
"""Seconds of silence that end an utterance here (``endpoint.unknown_seconds``)."""
VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb+m3", "en-us+f5", "en-gb-scotland")
SPELLED = {"50": "fifty", "30": "thirty", "10": "ten", "3": "three", "ecobee": "echo bee"}
SWEEP = (-2.0e-3, -1.5e-3, -1.2e-3, -1.0e-3, -0.8e-3, -0.5e-3, 0.0)


@dataclass(frozen=True, slots=True)
class Clip:
    group: str
    text: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one clip; of several utterances in it, the best fit counts."""

    group: str
    wanted: str
    """The action; empty when the clip is no command of the grammar's."""
    spotted: Spotted | None
    starter: str
    """What the starter model heard."""

    right: bool
    """Whether the phrase that was spotted means the action that was wanted."""
    starter_right: bool

    def accepted(self, threshold: float = THRESHOLD) -> bool:
        return self.spotted is not None and self.spotted.fit >= threshold


def main() -> None:
    """Measure, print, and write into the file of results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=60, help="clips of each set of recordings")
    shared = os.environ.get("ROBOT_VOICE_SHARED", ROOT.parent / "shared")
    parser.add_argument("--shared", type=Path, default=Path(shared))
    parser.add_argument("--rows", type=Path, help="write what became of each clip, as JSON lines")
    options = parser.parse_args()
    loaded = defaults()
    starter = load_asr(loaded.config, find_models(loaded).asr)
    table = load_actions(loaded)
    clips = [*recorded(options.shared), *licensed(options.shared, options.each)]
    commands = [clip for clip in clips if clip.group == "en_commands" and clip.text]
    own = PhraseSpotter(_spelled(clip.text) for clip in commands)
    closed = [measure(clip, own, starter, _spelled) for clip in commands]
    spotter = PhraseSpotter(table.actions)
    clips += synthesised(table, options.each)
    open_ = [measure(clip, spotter, starter, partial(_action, table)) for clip in clips]
    if options.rows is not None:
        lines = [json.dumps(asdict(row)) for row in (*closed, *open_)]
        options.rows.write_text("\n".join(lines) + "\n")
    result = {
        "machine": machine(loaded),
        "en_commands, grammar of its own sentences": summary(closed),
        "robot commands": {name: summary(rows) for name, rows in grouped(open_).items()},
        "both, by threshold": {
            f"{1e3 * at:g}e-3": precision([*closed, *open_], at) for at in SWEEP
        },
        "milliseconds for 3 s": spread([1e3 * seconds for seconds in latency(spotter, clips)]),
    }
    print(json.dumps(result, indent=2))  # noqa: T201
    save("sphinx", result)


# --- the clips --------------------------------------------------------------------------


def recorded(shared: Path) -> Iterator[Clip]:
    """The test recordings; noise and music in pieces of 4 s."""
    for entry in _manifest(shared / "audio"):
        if entry["kind"] == "rir" or entry.get("seconds", 0) > 300:
            continue
        samples, group = read_audio(shared / "audio" / entry["file"]), entry["file"].split("/")[0]
        if entry["kind"] in ("noise", "music", "silence"):
            pieces = range(0, len(samples) - RATE, 4 * RATE)
            yield from (Clip("noise", "", samples[n : n + 4 * RATE]) for n in pieces)
        elif group in ("en_commands", "synthetic_commands") or entry["language"] == "en":
            name = group if group.endswith("commands") else "other English"
            yield Clip(name, entry.get("text") or "", samples)
        else:
            korean = entry["language"] == "ko"
            yield Clip("Korean" if korean else "other languages", "", samples)


def licensed(shared: Path, each: int) -> Iterator[Clip]:
    """``each`` of every set of human recordings, thrice as many "stop", which is a command."""
    groups: dict[tuple[str, bool], list[dict[str, Any]]] = defaultdict(list)
    for entry in _manifest(shared / "human"):
        groups[entry["file"].split("/")[0], entry["text"].lower() == "stop"].append(entry)
    for (name, stop), entries in sorted(groups.items()):
        random.Random(0).shuffle(entries)
        chosen = {Path(e["file"]).name: e for e in entries[: 3 * each if stop else each]}
        yield from _unpacked(shared / "human" / f"{name}.tar", chosen)


def _unpacked(archive: Path, chosen: dict[str, dict[str, Any]]) -> Iterator[Clip]:
    with tarfile.open(archive) as tar, tempfile.TemporaryDirectory() as folder:
        for member in tar:
            entry = chosen.get(Path(member.name).name)
            if entry is None:
                continue
            tar.extract(member, folder, filter="data")
            word = entry["text"].lower()
            keyword = "keywords" if " " not in word else "other English"
            group = "human stop" if word == "stop" else keyword
            group = group if entry["language"] == "en" else "other languages"
            yield Clip(group, entry["text"], read_audio(Path(folder) / member.name))


def synthesised(table: CommandTable, each: int) -> Iterator[Clip]:
    """The robot's commands by espeak-ng: not human, but all of them."""
    phrases = sorted(phrase for phrase in table.actions if phrase.isascii())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        for number, phrase in enumerate(phrases[: 3 * each]):
            voice = VOICES[number % len(VOICES)]
            subprocess.run(["espeak-ng", "-v", voice, "-w", str(file), phrase], check=True)
            yield Clip("espeak-ng", phrase, read_audio(file))


def _manifest(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def utterances(samples: Samples) -> Iterator[Utterance]:
    """As the assistant would hear the clip."""
    config = defaults().config
    vad, parts = load_vad(config), segmenter(config)
    quiet = np.random.default_rng(0).normal(0, 1e-4, RATE).astype(np.float32)
    sound = np.concatenate([quiet, samples, quiet])
    pending: Utterance | None = None
    for at in range(0, len(sound) - vad.window + 1, vad.window):
        window = sound[at : at + vad.window]
        for event in parts.push(Heard(AudioFrame(window, at / RATE), vad.probability(window))):
            pending = event.utterance if isinstance(event, SoftEnd) else None
        if pending is not None and parts.silence >= LONG_PAUSE:
            yield pending
            pending = None
            parts.close()
    if pending is not None:
        yield pending


# --- the figures ------------------------------------------------------------------------


def measure(
    clip: Clip, spotter: PhraseSpotter, starter: Asr, meaning: Callable[[str], str]
) -> Result:
    """One clip through both recognisers. ``meaning``: the action in a text, empty when none is."""
    best: Spotted | None = None
    texts = []
    for utterance in utterances(clip.samples):
        spotted = spotter.spot(utterance.samples)
        if spotted is not None and (best is None or spotted.fit > best.fit):
            best = spotted
        texts.append(starter.transcribe(utterance).text)
    wanted, text = meaning(clip.text), " ".join(texts)
    return Result(
        clip.group,
        wanted,
        best,
        text,
        right=bool(wanted) and best is not None and meaning(best.text) == wanted,
        starter_right=bool(wanted) and meaning(text) == wanted,
    )


def _spelled(text: str) -> str:
    """Normalised, with numbers as words and no word that no dictionary has."""
    return " ".join(SPELLED.get(word, word) for word in normalise(text).split())


def _action(table: CommandTable, text: str) -> str:
    """What the robot would do: "stop" and "stop it" are the same."""
    action = table.match(Transcript(text, "en"))
    return f"{action.name} {sorted(action.arguments.items())}" if action else ""


def grouped(rows: Sequence[Result]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    return dict(sorted(groups.items()))


def summary(rows: Sequence[Result]) -> dict[str, float]:
    """Counts. ``right``: before the gate; the starter's has none here."""
    return {
        "n": len(rows),
        "in grammar": sum(bool(row.wanted) for row in rows),
        "right": sum(row.right for row in rows),
        "accepted right": sum(row.right and row.accepted() for row in rows),
        "accepted wrong": sum(not row.right and row.accepted() for row in rows),
        "starter right": sum(row.starter_right for row in rows),
    }


def precision(rows: Sequence[Result], threshold: float) -> dict[str, float]:
    """Of what passes: commands of people and machines against all the rest."""
    passed = [row for row in rows if row.accepted(threshold)]
    wanted = sum(bool(row.wanted) for row in rows)
    right = sum(row.right for row in passed)
    return {
        "accepted right": right,
        "accepted wrong": len(passed) - right,
        "precision": round(right / max(1, len(passed)), 3),
        "recall": round(right / max(1, wanted), 3),
        "wrong of the others": round((len(passed) - right) / max(1, len(rows) - wanted), 4),
    }


def latency(spotter: PhraseSpotter, clips: Sequence[Clip]) -> list[float]:
    """Seconds of one core for 3 s of sound."""
    spent = []
    for clip in [clip for clip in clips if len(clip.samples) > 2 * RATE][:40]:
        before = time.thread_time()
        spotter.spot(np.resize(clip.samples, 3 * RATE))
        spent.append(time.thread_time() - before)
    return spent


if __name__ == "__main__":
    main()
