"""The confidence gate: above which confidence can a transcript be believed?

    python -m scripts.starter.asr.gate RESULT.jsonl OUT/gate.json

Reads what ``evaluate`` wrote. A transcript is right when its words are, and on sounds without
speech when it is empty. The threshold is the lowest at which ``PRECISION`` of what it lets pass
with some text is right, both of the human clips and sounds alone and of these with the synthetic
clips, clean and noisy: people say known words to the microphone and the robot acts on sentences.
The clips of the shared test material (``human_en_*``) take no part; what becomes of them is
reported.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .console import command_line, say

PRECISION = 0.95
HUMAN = ("human_dev", "nobody_")
SYNTHETIC = ("synthetic_", "noisy_synthetic_")
"""Beginnings of the names of the groups that decide."""
CANDIDATES = [step / 200 for step in range(100, 200)]
FEWEST = 20
"""Accepted transcripts below which a precision means nothing."""

Clip = Mapping[str, Any]


def main() -> None:
    """Calibrate, and write what was found."""
    parser = command_line(__doc__)
    parser.add_argument("heard", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    clips = [json.loads(line) for line in options.heard.read_text("utf-8").splitlines()]
    gate = calibrate(clips)
    options.out.write_text(json.dumps(gate, indent=1) + "\n", "utf-8")
    say(json.dumps(gate, indent=1))


def calibrate(clips: Sequence[Clip]) -> dict[str, Any]:
    """The threshold, and precision and share of the accepted by group; threshold 1: none."""
    deciding = [clip for clip in clips if clip["group"].startswith(HUMAN + SYNTHETIC)]
    human = [clip for clip in deciding if clip["group"].startswith(HUMAN)]
    threshold = lowest(deciding)
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        groups["nobody" if clip["group"].startswith("nobody") else clip["group"]].append(clip)
    return {
        "confidence": threshold,
        "precision_wanted": PRECISION,
        "calibrated_on": {
            "clips": len(deciding),
            "accepted": len(accepted(deciding, threshold)),
            "precision": _precision(accepted(deciding, threshold)),
            "precision_human_and_noise": _precision(accepted(human, threshold)),
            "precision_on_the_other_half": cross_checked(deciding),
        },
        "groups": {name: _group(group, threshold) for name, group in sorted(groups.items())},
    }


def lowest(clips: Sequence[Clip]) -> float:
    """The lowest threshold that is precise enough; 1 when there is none."""
    human = [clip for clip in clips if clip["group"].startswith(HUMAN)]
    for level in CANDIDATES:
        if _precise(accepted(clips, level)) and _precise(accepted(human, level)):
            return level
    return 1.0


def cross_checked(clips: Sequence[Clip]) -> float:
    """The precision of thresholds found on one half of the clips and used on the other."""
    halves = clips[::2], clips[1::2]
    passed = accepted(halves[1], lowest(halves[0])) + accepted(halves[0], lowest(halves[1]))
    return _precision(passed)


def accepted(clips: Sequence[Clip], threshold: float) -> list[Clip]:
    """Those with a text the robot would act on."""
    return [clip for clip in clips if clip["text"] and clip["confidence"] >= threshold]


def _precise(passed: Sequence[Clip]) -> bool:
    return len(passed) >= FEWEST and _precision(passed) >= PRECISION


def _precision(passed: Sequence[Clip]) -> float:
    return round(sum(bool(clip["right"]) for clip in passed) / max(1, len(passed)), 4)


def _group(clips: Sequence[Clip], threshold: float) -> dict[str, Any]:
    passed = accepted(clips, threshold)
    right = sum(clip["right"] and bool(clip["text"]) for clip in clips)
    return {
        "clips": len(clips),
        "with_text": sum(bool(clip["text"]) for clip in clips),
        "accepted": round(len(passed) / len(clips), 4),
        "precision": _precision(passed) if passed else None,
        "right_ones_accepted": round(sum(clip["right"] for clip in passed) / max(1, right), 4),
    }


if __name__ == "__main__":
    main()
