"""Open data, which stays where it is: ``<shared>/safety/*.jsonl`` (licences in its README).

``SHARED`` is the folder ``shared`` beside the checkout, or ``ROBOT_VOICE_SHARED``.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ROBOT_VOICE_SHARED", ROOT.parent / "shared"))

TOXIC = {
    "ko": ("kmhas", "curse_detection", "kocohub", "zizun"),
    "en": ("davidson", "paradetox", "surge_toxicity", "toxic_spans", "hatecheck", "hatemoji"),
}
"""Comments of people, label 1 for toxic ones."""

CALM = {"ko": ("songys_reply", "klue_sent"), "en": ("sgd_system",)}
"""What no filter may stop."""

EMOTIONAL = {"ko": ("goemotions_ko", "kote"), "en": ("goemotions",)}

WEIGHT = {"curse_detection": 3.0, "kocohub": 0.5, "surge_toxicity": 4.0, "toxic_spans": 0.5}
"""How much a line counts, where not one: small sets of a kind of their own, and sets with labels
of another kind than ours."""

FOLDS = 10


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    label: str
    """As it is in the file."""
    source: str
    category: str
    context: str

    @property
    def toxic(self) -> bool:
        return self.label == "1"

    @property
    def held_out(self) -> bool:
        """One line of ten is never trained on. The same text always falls on the same side."""
        return zlib.crc32(self.text.encode()) % FOLDS == 0


def present() -> bool:
    """Whether there is open data here."""
    return (SHARED / "safety" / "hurtcheck_ko.jsonl").is_file()


@cache
def corpus(name: str) -> tuple[Line, ...]:
    """A set by its file's name. Raises ``OSError`` when it is not there."""
    with (SHARED / "safety" / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return tuple(_line(name, json.loads(line)) for line in lines)


def _line(name: str, row: dict[str, Any]) -> Line:
    return Line(
        text=row["text"],
        label=str(row["label"]),
        source=name,
        category=row.get("cat") or "",
        context=row.get("context") or "",
    )
