"""Which words make the robot act: commands, what sounds like them, and ordinary talk.

    python -m scripts.bench.actions [--set tuning] [--list] [--shared FOLDER]

The sayings are those of ``scripts/bench/sayings``, written and as the starter heard them, against
``configs/actions/demo.toml``; ordinary talk are the shared sets of sentences where they are at hand
(``ROBOT_VOICE_SHARED``, else ``../shared``): nobody commands a robot there, so whatever is found
in them is false. The matcher is tuned on the set ``tuning`` and on every other shared sentence;
only the figures of the set ``held_out`` are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_voice.actions.commands import CommandTable, Found, load_commands
from robot_voice.types import Transcript

from .common import ROOT, defaults, machine, save, spread
from .hearing import add_shared
from .sayings import SETS, Saying, heard, shown, written

TABLE = ROOT / "configs" / "actions" / "demo.toml"
LONGEST = 60
"""Characters of the shared sentences: longer ones are never taken for a command."""
TALK = ("songys_reply", "sgd_system", "goemotions", "goemotions_ko", "kote", "diasafety", "zizun")


@dataclass(frozen=True, slots=True)
class Answer:
    saying: Saying
    found: Found | None
    seconds: float

    @property
    def fired(self) -> bool:
        return self.found is not None

    @property
    def how(self) -> str:
        return self.found.how if self.found else ""

    @property
    def right(self) -> bool:
        return (self.found.action if self.found else None) == self.saying.wanted

    @property
    def misheard(self) -> bool:
        """Whether the recogniser wrote another command than was said, to the letter."""
        heard = self.saying.heard is not None
        return heard and self.how == "exact" and not self.right


def main() -> None:
    """Measure, print, and write into the file of results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=SETS, default="held_out")
    parser.add_argument("--list", action="store_true", help="also what was missed or wrong")
    add_shared(parser)
    options = parser.parse_args()
    table = load_commands(TABLE)
    table.find(Transcript("warm up 준비 운동", "en"))
    said = [ask(table, saying) for saying in written(options.set)]
    spoken = [ask(table, saying) for saying in heard(options.set)]
    believed = [answer for answer in spoken if answer.saying.verdict == "accept"]
    talk = [ask(table, saying) for saying in ordinary(options.shared, options.set)]
    result = {
        "command": "python -m scripts.bench.actions",
        "machine": machine(defaults()),
        "phrases": len(table.actions) + len(table.patterns),
        "written": summary(said),
        "by kind": by_kind(said),
        "heard by the starter": {
            "n": len(spoken),
            "asked for again": len(spoken) - len(believed),
            "believed": summary(believed),
        },
        "ordinary talk": {
            "n": len(talk),
            "to the letter a command": sum(a.how == "exact" for a in talk),
            "false": sum(a.how == "near" for a in talk),
        },
        "processor milliseconds": spread([1e3 * a.seconds for a in (*said, *spoken, *talk)], 2),
    }
    if options.list:
        _list([*said, *spoken, *(answer for answer in talk if answer.fired)])
    print(json.dumps({**result, "machine": "..."}, indent=2))  # noqa: T201
    if options.set == "held_out":
        save("actions", result)


def ask(table: CommandTable, saying: Saying) -> Answer:
    """What the fast path makes of it, and the processor time of that: the least of three, for
    other work on the machine is in all of them."""
    text = saying.text if saying.heard is None else saying.heard
    spent = []
    for _ in range(3):
        begun = time.thread_time()
        found = table.find(Transcript(text, saying.language))
        spent.append(time.thread_time() - begun)
    return Answer(saying, found, min(spent))


def ordinary(shared: Path, name: str) -> Iterator[Saying]:
    """The half of the shared sentences that belongs to this set."""
    half = SETS.index(name)
    for file in (shared / "safety" / f"{source}.jsonl" for source in TALK):
        if not file.is_file():
            sys.stdout.write(f"left out: {file.name} is not here (ROBOT_VOICE_SHARED)\n")
            continue
        for line in file.read_text("utf-8").splitlines():
            entry = json.loads(line)
            text = " ".join(entry["text"].split())
            if 0 < len(text) <= LONGEST and zlib.crc32(text.encode()) % 2 == half:
                yield Saying(entry["lang"], "talk", None, text)


def summary(answers: Sequence[Answer]) -> dict[str, Any]:
    """Counts. What the recogniser made another command of, to the letter, is counted by itself:
    nobody who reads "sit down" can know that something else was said."""
    commands = [answer for answer in answers if answer.saying.wanted is not None]
    fired = [answer for answer in answers if answer.fired and not answer.misheard]
    right = sum(answer.right for answer in fired)
    others = [answer for answer in answers if answer.saying.wanted is None]
    near = [answer for answer in fired if answer.how == "near"]
    return {
        "n": len(answers),
        "commands": len(commands),
        "fired": len(fired),
        "right where it fires": round(right / max(1, len(fired)), 4),
        "near": len(near),
        "near right": sum(answer.right for answer in near),
        "found of the commands": round(sum(a.right for a in commands) / max(1, len(commands)), 3),
        "no commands": len(others),
        "false": sum(answer.fired and not answer.misheard for answer in others),
        "heard as another command": sum(answer.misheard for answer in commands),
        "no commands heard as one": sum(answer.misheard for answer in others),
    }


def by_kind(answers: Sequence[Answer]) -> dict[str, dict[str, int]]:
    kinds: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        kinds[f"{answer.saying.language} {answer.saying.kind}"].append(answer)
    return {
        kind: {
            "n": len(of),
            "fired": sum(answer.fired for answer in of),
            "right": sum(answer.fired and answer.right for answer in of),
        }
        for kind, of in sorted(kinds.items())
    }


def _list(answers: Sequence[Answer]) -> None:
    for answer in answers:
        saying, found = answer.saying, answer.found
        if not answer.right:
            what = "misheard" if answer.misheard else "WRONG" if found else "missed"
            got = f"{found.how}: {shown(found.action)}" if found else "-"
            print(  # noqa: T201
                what, saying.language, saying.kind, "|", shown(saying.wanted), "|", saying.text,
                "|", saying.heard or "", saying.verdict if saying.heard else "", "|", got,
            )  # fmt: skip


if __name__ == "__main__":
    main()
