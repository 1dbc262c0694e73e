"""What becomes of sounds in which nobody spoke, and of words that were said, at the gate.

    python -m scripts.bench.phantom CLIPS [--shared SHARED] [--minutes 30] [--every 4]

Every piece goes straight to the recogniser (the starter): the worst case, for in the robot a
detector and a segmenter stand before it. ``CLIPS`` is the folder that ``synthesise --test`` and
``human`` of ``scripts.starter.asr`` filled. Counted by verdict and reason,

* with the starter's own calibrated threshold, and
* with OpenAI's, which models without a calibration have: there the evidence alone must do;
* and, for comparison, with that threshold and no other evidence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from faster_whisper.vad import VadOptions, get_speech_timestamps

from robot_voice.asr.gate import UNCALIBRATED, Gate, load_gate
from robot_voice.build import find_models, load_asr
from robot_voice.types import RATE, Evidence, Samples, Transcript, Utterance
from scripts.starter.asr.disturbance import pieces
from scripts.starter.asr.evaluate import Sample, of_shard
from scripts.starter.asr.scoring import plain

from .common import defaults, machine, save
from .hearing import add_shared

Pair = tuple[Transcript, Utterance]


def utterance(samples: Samples) -> Utterance:
    """With the voice in it, as Silero finds it."""
    found = get_speech_timestamps(samples, VadOptions(speech_pad_ms=0, min_silence_duration_ms=100))
    voiced = sum(part["end"] - part["start"] for part in found) / RATE
    seconds = len(samples) / RATE
    return Utterance(samples, 0.0, seconds, voiced=min(seconds, voiced))


def counted(gate: Gate, heard: Sequence[Pair]) -> dict[str, int]:
    """How many were accepted, and how many were not for which reason."""
    judged = [gate.judge(transcript, sound) for transcript, sound in heard]
    return dict(Counter(f"{each.verdict} {each.reason}".strip() for each in judged))


def measure(groups: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    loaded = defaults()
    model = find_models(loaded).asr
    asr = load_asr(loaded.config, model)
    own, common = load_gate(model.path), Gate(UNCALIBRATED, 0.3)
    found: dict[str, Any] = {}
    for name, samples in groups.items():
        sounds = [utterance(sample.samples) for sample in samples]
        heard = [(asr.transcribe(sound), sound) for sound in sounds]
        if name == "spoken":  # what was understood must not be lost
            pairs = zip(heard, samples, strict=True)
            heard = [pair for pair, one in pairs if plain(pair[0].text) == plain(one.text)]
        bare = [
            (replace(transcript, evidence=Evidence()), replace(sound, voiced=None))
            for transcript, sound in heard
        ]
        found[name] = {
            "pieces": len(heard),
            "own": counted(own, heard),
            "openai": counted(common, heard),
            "openai without evidence": counted(common, bare),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=int, default=4, help="only each n-th clip")
    add_shared(parser)
    options = parser.parse_args()
    spoken = [
        *of_shard(options.clips / "test_0000.json", "synthetic"),
        *of_shard(options.clips / "development_0000.json", "human_dev"),
    ]
    voices = [sample.samples for sample in spoken]
    nobody = [
        Sample(kind, samples, "", "en")
        for kind, samples in pieces(voices, options.shared / "audio", options.minutes)
    ]
    result: dict[str, Any] = {
        "command": f"python -m scripts.bench.phantom CLIPS --minutes {options.minutes:g}"
        f" --every {options.every}",
        "machine": machine(defaults()),
        "groups": measure({"nobody": nobody, "spoken": spoken[:: options.every]}),
    }
    save("phantom", result)
    sys.stdout.write(json.dumps(result["groups"], ensure_ascii=False, indent=2) + "\n")
    for name, group in result["groups"].items():
        for gate in ("own", "openai", "openai without evidence"):
            accepted = group[gate].get("accept", 0)
            sys.stdout.write(f"phantom {name} {gate}: {accepted} of {group['pieces']} accepted\n")


if __name__ == "__main__":
    main()
