"""How soon does the robot know that somebody is done, and how often does it cut in?

    python -m scripts.bench.endpointing [--limit N]

Real: the human recordings of the shared test set that have a transcript, through the real detector
and the real segmenter, against fixed silence time-outs in the same run. Scripted: sentences of
``endpointing.txt`` with a pause of every length at a place of their own.

What is not real: the words. A recogniser's are taken to be those of the transcript, cut at the word
boundary that fits the share of the speech heard so far. At the end of a sentence a full stop is
put where the transcript has none, as Whisper does; at a pause inside it the transcript's own marks
stay and nothing is added, except in the figures "full stops", where every pause gets one: the worst
a recogniser can do. Recognition is taken to last ``ASR_SECONDS``.

*Late* is the time from the end of speech, by its level, to the commit. A *cut-in* is a commit at a
pause inside a sentence; between two sentences of one recording the robot may take its turn.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.actions.commands import CommandTable
from robot_voice.build import load_actions, load_vad, segmenter
from robot_voice.config import Config
from robot_voice.types import RATE, SoftEnd, Transcript
from robot_voice.vad.endpoint import Dialogue, Patience, patience

from .common import defaults, machine, save, spread
from .hearing import add_shared, frames, probabilities, quiet, recordings, sound, spoken_from_to

ASR_SECONDS = 0.05
"""From the soft end to the words: the starter needs 14 ms of one core for 3 s, on a busy machine
several times that."""

LONGEST = 20.0
"""Seconds of the longest recording that is one thing said, and not a reading."""

TIMEOUTS = (0.5, 0.7, 1.0)
PAUSES = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2)
SCRIPT = Path(__file__).with_suffix(".txt")
SECONDS_PER_LETTER = {"ko": 0.15, "ja": 0.15, "zh": 0.2}
MARK_PULL = 0.12
"""How far, as a share of the letters, a mark in the transcript draws a pause to it: people pause
at commas, and the share of the sound tells the place only roughly."""

VOICED, SILENT = 0.95, 0.02
UNSPACED = ("ja", "zh")
SENTENCE_END = re.compile(r"[.?!。！？…][\"'”’]*$")

Wait = Callable[[str, str], float]
"""Seconds of silence that end a turn, given the words and their language."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Something said, as the detector sees it."""

    name: str
    language: str
    text: str
    speech: Sequence[float]
    window: int
    end: float
    """Seconds at which the last word ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    language: str
    late: float
    """Seconds from the last sound to the commit."""
    pauses: int
    """Pauses inside a sentence that were long enough to be noticed (a soft end)."""
    cut_in: int
    """How many of them were taken for the end."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, help="recordings and scripted sentences at most")
    add_shared(parser)
    options = parser.parse_args()
    loaded = defaults()
    clips = list(recorded(options.shared, loaded.config))[: options.limit]
    script = list(scripted())[: options.limit]
    policies = waits(loaded.config, load_actions(loaded))
    result = {
        "machine": machine(loaded),
        "recordings": {
            name: summary([hear(loaded.config, clip, wait) for clip in clips])
            for name, wait in policies.items()
        },
        "recordings, full stops": {
            "policy": summary(
                [hear(loaded.config, c, policies["policy"], stop=True) for c in clips]
            )
        },
        "scripted": {
            name: summary([hear(loaded.config, clip, wait) for clip in script])
            for name, wait in policies.items()
        },
    }
    print(json.dumps(result, indent=2))  # noqa: T201
    if options.limit is None:
        save("endpointing", result)


# --- what is said -----------------------------------------------------------------------


def recorded(shared: Path, config: Config) -> Iterator[Clip]:
    vad = load_vad(config)
    for entry in recordings(shared, "human"):
        text, language = entry.get("text"), entry["language"]
        if not text or "+" in language or entry["seconds"] > LONGEST:
            continue
        samples = sound(shared, entry)
        end = 0.5 + spoken_from_to(samples)[1]
        both = np.concatenate([quiet(0.5), samples, quiet(2.5, 1)])
        speech = probabilities(vad, both)
        yield Clip(entry["file"], language, _sentence(text), speech, vad.window, end)


def scripted() -> Iterator[Clip]:
    """Every sentence of the script with every pause: ``language: words | words``."""
    window = 512
    for line in SCRIPT.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        language, text = line.split(": ", 1)
        before, after = (part.strip() for part in text.split("|"))
        letter = SECONDS_PER_LETTER.get(language, 0.065)
        whole = _sentence(before + ("" if language in UNSPACED else " ") + after)
        for pause in PAUSES:
            runs = [(SILENT, 0.5), (VOICED, letter * _letters(before)), (SILENT, pause)]
            runs += [(VOICED, letter * _letters(after))]
            speech = [p for p, seconds in runs for _ in range(round(seconds * RATE / window))]
            end = len(speech) * window / RATE
            speech += [SILENT] * round(2.5 * RATE / window)
            yield Clip(f"pause of {pause} s", language, whole, speech, window, end)


def _sentence(text: str) -> str:
    """With a mark at the end, and in lower case where it was all in capitals."""
    text = text.strip().lower() if text.isupper() else text.strip()
    return text if SENTENCE_END.search(text) else text.rstrip(",") + "."


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def heard_by(text: str, language: str, share: float) -> int:
    """How many characters of ``text`` had been said after this ``share`` of its sound.

    The word boundary nearest to it; of those nearly as near, one with a mark behind it.
    """
    wanted = share * _letters(text)
    pattern = r"(?<=.)" if language in UNSPACED else r"\s+|$"
    ends = [match.start() for match in re.finditer(pattern, text)]

    def distance(end: int) -> float:
        marked = end > 0 and not text[end - 1].isalnum()
        return abs(_letters(text[:end]) - wanted) - (MARK_PULL * _letters(text) if marked else 0)

    return min(ends, key=distance)


# --- what becomes of it -------------------------------------------------------------------


def waits(config: Config, commands: CommandTable) -> dict[str, Wait]:
    """The policy, and the time-outs that it is compared with."""
    seconds = config.endpoint
    policy = Patience(
        seconds.complete_seconds,
        seconds.unknown_seconds,
        seconds.unfinished_seconds,
        seconds.command_seconds,
    )

    def by_words(text: str, language: str) -> float:
        transcript = Transcript(text, language)
        return patience(transcript, policy, Dialogue(commands.match(transcript) is not None))

    fixed = {f"{1e3 * limit:.0f} ms": partial(_always, limit) for limit in TIMEOUTS}
    return {"policy": by_words, **fixed}


def _always(seconds: float, text: str, language: str) -> float:
    return seconds


def hear(config: Config, clip: Clip, wait: Wait, *, stop: bool = False) -> Outcome:
    """One clip through the segmenter. ``stop``: the recogniser ends everything with a full stop."""
    parts = segmenter(config)
    total = sum(p >= config.vad.stop_threshold for p in clip.speech)
    begun = said = voiced = pauses = cut_in = 0
    due: float | None = None
    for heard in frames(clip.speech, clip.window):
        now = heard.frame.start + heard.frame.seconds
        voiced += heard.speech >= config.vad.stop_threshold
        for event in parts.push(heard):
            due = None
            if isinstance(event, SoftEnd):
                said = heard_by(clip.text, clip.language, voiced / max(1, total))
                text = clip.text[begun:said].strip()
                inside = said < len(clip.text) and not SENTENCE_END.search(text)
                pauses += inside
                text = text.rstrip(",.") + "." if stop and inside else text
                due = max(wait(text, clip.language), parts.silence + ASR_SECONDS)
        if due is None or parts.silence < due - 1e-6:
            continue
        if said >= len(clip.text):
            return Outcome(clip.language, now - clip.end, pauses, cut_in)
        cut_in += inside
        parts.close()
        begun, due = said, None
    return Outcome(clip.language, float("nan"), pauses, cut_in)


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    late = [outcome.late for outcome in outcomes if outcome.late == outcome.late]
    pauses, cut_in = (sum(getattr(o, name) for o in outcomes) for name in ("pauses", "cut_in"))
    return {
        "late_ms": spread([1e3 * seconds for seconds in late], 0),
        "pauses": pauses,
        "cut_ins": cut_in,
        "cut_in_percent_of_pauses": round(100 * cut_in / max(1, pauses), 1),
        "cut_in_percent_of_recordings": round(
            100 * sum(o.cut_in > 0 for o in outcomes) / max(1, len(outcomes)), 1
        ),
        "lost": len(outcomes) - len(late),
    }


if __name__ == "__main__":
    main()
