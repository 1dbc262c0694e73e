"""What the short window costs in accuracy: the starter model on its own evaluation set.

    python -m scripts.bench.window CLIPS [--every 4] [--ways full]

``CLIPS`` is the folder that ``scripts.starter.asr.synthesise --test`` filled. Every clip is heard

* with the window the robot uses: the clip and half a second, at least two;
* with the model's own full window, 10 s, as a failed guard would have it decoded again;
* by stock faster-whisper, which pads to 30 s;
* with hot words before the text, which the model was never trained with.

Error rates are in percent: of words in English, of characters in Korean. ``points_lost`` is by how
much that of the short window is higher; below 0 it hears better.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from faster_whisper import WhisperModel

from robot_voice.asr.whisper import WhisperAsr
from robot_voice.build import STARTER_HEARING, find_models
from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.types import RATE, Transcript, Utterance
from scripts.starter.asr.evaluate import Sample, of_shard
from scripts.starter.asr.scoring import error_rate, plain

from .common import defaults, machine, save

HOT_WORDS = ("Nuri", "kitchen", "living room", "거실")
LANGUAGES = ("en", "ko")
OTHERS = ("full", "hot words", "stock")

Hear = Callable[[Utterance], Transcript]


def ears(folder: Path, wanted: Sequence[str]) -> Mapping[str, Hear]:
    """The robot's own way to hear, and those of the others that are wanted."""
    short = AsrConfig().model_copy(update=STARTER_HEARING)
    ways = {
        "short": short,
        "full": short.model_copy(update={"min_window_seconds": 30.0}),
        "hot words": short.model_copy(update={"hot_words": HOT_WORDS}),
    }
    loaded = {
        name: WhisperAsr(folder, LanguageConfig(), config, 1).transcribe
        for name, config in ways.items()
        if name == "short" or name in wanted
    }
    return {**loaded, "stock": stock(folder)} if "stock" in wanted else loaded


def stock(folder: Path) -> Hear:
    """faster-whisper as it comes, with the same search."""
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def hear(utterance: Utterance) -> Transcript:
        segments, info = model.transcribe(
            utterance.samples,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return Transcript(" ".join(segment.text.strip() for segment in segments), info.language)

    return hear


def figures(clips: Sequence[Sample], heard: Sequence[Transcript]) -> dict[str, Any]:
    """Error rates by language, and how many were exactly right or decoded twice."""
    found: dict[str, Any] = {}
    for language in LANGUAGES:
        pairs = [
            (clip.text, transcript.text)
            for clip, transcript in zip(clips, heard, strict=True)
            if clip.language == language
        ]
        references, texts = zip(*pairs, strict=True)
        found[language] = round(100 * error_rate(references, texts, language), 2)
        found[f"{language}_exact"] = round(
            100 * sum(plain(a) == plain(b) for a, b in pairs) / len(pairs), 2
        )
    found["retried"] = sum(bool(transcript.evidence.retried) for transcript in heard)
    return found


def measure(clips: Sequence[Sample], folder: Path, wanted: Sequence[str]) -> dict[str, Any]:
    ways: dict[str, dict[str, Any]] = {}
    for name, hear in ears(folder, wanted).items():
        heard = [hear(Utterance(c.samples, 0.0, len(c.samples) / RATE)) for c in clips]
        ways[name] = figures(clips, heard)
    short = ways["short"]
    lost = {
        name: {code: round(short[code] - way[code], 2) for code in LANGUAGES}
        for name, way in ways.items()
        if name != "short"
    }
    return {"ways": ways, "points_lost": lost}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each n-th of fours of clips")
    parser.add_argument("--ways", nargs="*", choices=OTHERS, default=list(OTHERS))
    options = parser.parse_args()
    loaded = defaults()
    clips = list(of_shard(options.clips / "test_0000.json", "synthetic"))
    # Languages and held-out sentences take turns: in fours, all are kept.
    clips = [clip for index, clip in enumerate(clips) if index // 4 % options.every == 0]
    result: dict[str, Any] = {
        "command": f"python -m scripts.bench.window CLIPS --every {options.every}",
        "machine": machine(loaded),
        "clips": len(clips),
        **measure(clips, find_models(loaded).asr.path, options.ways),
    }
    save("window", result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    for name, points in result["points_lost"].items():
        for code in LANGUAGES:
            sys.stdout.write(f"window {code}: {points[code]} points lost against {name}\n")


if __name__ == "__main__":
    main()
