"""Is the language right? The starter model's own test clips, each alone and in sessions.

    python -m scripts.bench.languages CLIPS [--every 4]

``CLIPS`` is the folder that ``scripts.starter.asr.synthesise --test`` filled. People do not change
the language with every sentence: in a session, made by dice, one speaks ``RUN`` times and then, at
even chances, somebody goes on in the other language. What was heard, right or wrong, is what the
session learns from, as in the robot: where the confidence gate believed it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from robot_voice.asr.gate import load_gate
from robot_voice.asr.whisper import WhisperAsr
from robot_voice.build import STARTER_HEARING, find_models
from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.types import RATE, Utterance
from scripts.starter.asr.evaluate import Sample, of_shard

from .common import defaults, machine, save

RUN, ROUNDS = 8, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each n-th clip, to be quick")
    options = parser.parse_args()
    loaded = defaults()
    model = find_models(loaded).asr
    every = list(of_shard(options.clips / "test_0000.json", "synthetic"))
    clips = [clip for n, clip in enumerate(every) if n // 4 % options.every == 0]
    result: dict[str, Any] = {
        "command": "python -m scripts.bench.languages CLIPS",
        "machine": machine(loaded),
        "alone": share(clips, alone(model.path, clips)),
        "session": share(*in_sessions(model.path, clips)),
    }
    save("languages", result)
    for name in ("alone", "session"):
        for kind, figure in result[name].items():
            sys.stdout.write(f"{name} {kind} {figure}\n")


def ears(model: Path) -> WhisperAsr:
    hearing = AsrConfig().model_copy(update=STARTER_HEARING)
    return WhisperAsr(model, LanguageConfig(), hearing, 1)


def utterance(clip: Sample) -> Utterance:
    return Utterance(clip.samples, 0.0, len(clip.samples) / RATE)


def alone(model: Path, clips: Sequence[Sample]) -> list[str]:
    """The languages heard when nothing was said before."""
    asr = ears(model)
    return [asr.transcribe(utterance(clip)).language for clip in clips]


def in_sessions(model: Path, clips: Sequence[Sample]) -> tuple[list[Sample], list[str]]:
    """The clips in the order they were said in, and the languages heard."""
    gate = load_gate(model)
    said: list[Sample] = []
    heard: list[str] = []
    for number in range(ROUNDS):
        asr = ears(model)
        for clip in session(clips, random.Random(number)):
            spoken = utterance(clip)
            transcript = asr.transcribe(spoken)
            if gate.judge(transcript, spoken).verdict == "accept":
                asr.policy.heard(transcript.language)
            said.append(clip)
            heard.append(transcript.language)
    return said, heard


def session(clips: Sequence[Sample], dice: random.Random) -> Iterator[Sample]:
    """All clips once, in runs of one language."""
    left = {code: [clip for clip in clips if clip.language == code] for code in ("en", "ko")}
    for heap in left.values():
        dice.shuffle(heap)
    language = dice.choice(list(left))
    while any(left.values()):
        for _ in range(RUN):
            if left[language]:
                yield left[language].pop()
        if dice.random() < 0.5 or not left[language]:
            language = "ko" if language == "en" else "en"


def share(clips: Sequence[Sample], heard: Sequence[str]) -> dict[str, Any]:
    """Of the clips, those whose language was heard right."""
    right = [clip.language == language for clip, language in zip(clips, heard, strict=True)]
    words = [ok for clip, ok in zip(clips, right, strict=True) if len(clip.text.split()) == 1]
    return {
        "clips": len(right),
        "right": round(sum(right) / len(right), 4),
        "one_word_clips": len(words),
        "one_word_right": round(sum(words) / max(1, len(words)), 4),
    }


if __name__ == "__main__":
    main()
