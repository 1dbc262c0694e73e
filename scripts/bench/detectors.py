"""The detectors in noise: utterances missed, ended late, and starts where nobody spoke.

    python -m scripts.bench.detectors [--limit N]

Clean recordings of commands and sentences, mixed with every noise and the music of the test set at
20, 10 and 5 dB (of the speech's own level), with 2 s of the noise alone before and 3 s after them,
through the real segmenter. *Missed*: no utterance has a part of it. *Late*: the utterance ends more
than 1 s after the last word, by the recording's level before it was mixed. *False starts*: starts
while nobody spoke, per minute of that.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from robot_voice.config import VadConfig
from robot_voice.engines import Vad
from robot_voice.types import RATE, Samples, SoftEnd, SpeechStarted
from robot_voice.vad import load_vad
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig

from .common import defaults, machine, save
from .hearing import (
    add_shared,
    frames,
    mixed,
    probabilities,
    quiet,
    recordings,
    sound,
    spoken_from_to,
)

SETS = ("ko_emotiontts", "en_commands", "en_ljspeech")
VOICES = ("junkchunk16khz", "webrtcvad_leak")
"""Noises in which people speak: no detector can tell them from the one who is meant."""

RATIOS_DB = (20, 10, 5)
BEFORE, AFTER = 2.0, 3.0
LATE = 1.0
MARGIN = 0.3
"""Seconds around the speech that belong to it: breath, reverberation, the labels' own error."""

SEGMENTER = SegmenterConfig(soft_end_seconds=0.5)
DETECTORS = {
    "silero .7/.5": ("silero", SEGMENTER),
    "silero .5/.35": ("silero", replace(SEGMENTER, start_threshold=0.5, stop_threshold=0.35)),
    "webrtc": ("webrtc", SEGMENTER),
    "silero .7/.5, floor +3 dB": ("silero", replace(SEGMENTER, floor_margin_db=3.0)),
    "webrtc, floor +3 dB": ("webrtc", replace(SEGMENTER, floor_margin_db=3.0)),
}


@dataclass(slots=True)
class Tally:
    utterances: int = 0
    missed: int = 0
    late: int = 0
    false_starts: int = 0
    silence: float = 0.0
    """Seconds in which nobody spoke."""

    def figures(self) -> dict[str, float]:
        return {
            "utterances": self.utterances,
            "missed_percent": round(100 * self.missed / self.utterances, 1),
            "late_percent": round(100 * self.late / self.utterances, 1),
            "false_starts_per_minute": round(60 * self.false_starts / self.silence, 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="recordings at most")
    add_shared(parser)
    options = parser.parse_args()
    noises = dict(disturbances(options.shared))
    tallies: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for number, clip in enumerate(clips(options.shared)):
        if options.limit is not None and number >= options.limit:
            break
        for rows, scene in scenes(clip, noises, number):
            for name, tally in heard(scene, spoken_from_to(clip)).items():
                for row in rows:
                    add(tallies[row][name], tally)
    table = {
        condition: {name: tally.figures() for name, tally in row.items()}
        for condition, row in tallies.items()
    }
    show(table)
    if options.limit is None:
        save("detectors", {"machine": machine(defaults()), "table": table})


def show(table: dict[str, dict[str, dict[str, float]]]) -> None:
    """Missed % / late % / false starts a minute."""
    print(" " * 28, *(f"{name:>26}" for name in DETECTORS))  # noqa: T201
    for condition, row in table.items():
        cells = [" / ".join(f"{value:g}" for value in list(row[name].values())[1:]) for name in row]
        print(f"{condition:28}", *(f"{cell:>26}" for cell in cells))  # noqa: T201


def clips(shared: Path) -> Iterator[Samples]:
    for entry in recordings(shared, "human"):
        if entry["file"].split("/")[0] in SETS and entry.get("text"):
            yield sound(shared, entry)


def disturbances(shared: Path) -> Iterator[tuple[str, Samples]]:
    for entry in recordings(shared, "noise", "music"):
        yield Path(entry["file"]).stem, sound(shared, entry)


def scenes(
    clip: Samples, noises: dict[str, Samples], number: int
) -> Iterator[tuple[Sequence[str], Samples]]:
    """The clip without and with every noise, and the table's rows that it belongs to; each clip
    begins elsewhere in the noise."""
    alone = np.concatenate([quiet(BEFORE), clip, quiet(AFTER, 1)])
    yield ["clean"], alone
    for ratio in RATIOS_DB:
        for name, noise in noises.items():
            all_of_them = f"voices, {ratio} dB" if name in VOICES else f"{ratio} dB"
            rows = [all_of_them, f"{name}, {ratio} dB"]
            yield rows, mixed(alone, noise, ratio, number * RATE)


def heard(scene: Samples, spoken: tuple[float, float]) -> dict[str, Tally]:
    """What every detector makes of a scene; ``spoken``: from where to where, in the clip."""
    speech = {}
    for engine in ("silero", "webrtc"):
        vad = _loaded(engine)
        speech[engine] = probabilities(vad, scene), vad.window
    begin, end = (BEFORE + seconds for seconds in spoken)
    return {
        name: judged(scene, speech[engine], Segmenter(config), begin, end)
        for name, (engine, config) in DETECTORS.items()
    }


@cache
def _loaded(engine: str) -> Vad:
    return load_vad(VadConfig.model_validate({"engine": engine}))


def judged(
    scene: Samples,
    speech: tuple[Sequence[float], int],
    segmenter: Segmenter,
    begin: float,
    end: float,
) -> Tally:
    """One scene through one segmenter, which ends an utterance at its soft end."""
    found: list[list[float]] = []  # from, to
    for item in frames(*speech, scene):
        for event in segmenter.push(item):
            match event:
                case SpeechStarted(at):
                    found.append([at, len(scene) / RATE])
                case SoftEnd(utterance):
                    found[-1][1] = utterance.speech_end
                    segmenter.close()
    hits = [to for start, to in found if start < end + MARGIN and to > begin - MARGIN]
    return Tally(
        utterances=1,
        missed=not hits,
        late=bool(hits) and max(hits) > end + LATE,
        false_starts=sum(not begin - MARGIN <= start <= end + MARGIN for start, _ in found),
        silence=len(scene) / RATE - (end - begin),
    )


def add(total: Tally, one: Tally) -> None:
    total.utterances += one.utterances
    total.missed += one.missed
    total.late += one.late
    total.false_starts += one.false_starts
    total.silence += one.silence


if __name__ == "__main__":
    main()
