"""How well a language model judges, and in how much time.

    python -m scripts.bench.judge [MODEL.gguf] [--guard] [--each 20] [--threads 1] [--save]

Asks a judge (``robot_voice.llm.judge``) about samples of the open data: ``hurtcheck_ko``,
``hurtcheck_en`` and ``ctx``, ``--each`` of them with equal parts of both labels (0: all). Printed
for each set and all together: the area under the ROC curve (.5 is guessing) with a 95 % interval,
and the milliseconds of a judgement. Without MODEL it is the starter. ``--save``
puts the figures beside those of the other benchmarks.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.build import find_models
from robot_voice.llm import judge
from robot_voice.safety.guidelines import LANGUAGES, rubric
from robot_voice.types import Draft
from scripts.safety import corpora

from .common import defaults, machine, save, spread

SETS = ("hurtcheck_ko", "hurtcheck_en", "ctx")
GOOD_ENOUGH = 0.7
"""An area under the curve below which a judge is better not asked."""
SEED = 5
RESAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    source: str
    hurtful: bool
    chance: float
    milliseconds: float


def language(text: str) -> str:
    return "ko" if any("가" <= character <= "힣" for character in text) else "en"


def sample(name: str, each: int) -> list[tuple[Draft, bool]]:
    """``each`` sentences of a set with their labels, half of them hurtful; 0: all."""
    lines = corpora.corpus(name)
    drafts = [(Draft(line.text, language(line.text), line.context), line.toxic) for line in lines]
    if not each:
        return drafts
    dice = random.Random(SEED)
    halves = [[pair for pair in drafts if pair[1] is hurtful] for hurtful in (True, False)]
    return [pair for half in halves for pair in dice.sample(half, min(len(half), each // 2))]


def area(judged: Sequence[Judged]) -> float:
    """Under the ROC curve: how often a hurtful sentence is found worse than a benign one."""
    bad = np.array([each.chance for each in judged if each.hurtful])[:, None]
    good = np.array([each.chance for each in judged if not each.hurtful])[None, :]
    return float(np.mean((bad > good) + 0.5 * (bad == good)))


def interval(judged: Sequence[Judged]) -> tuple[float, float]:
    """95 % of the area, by the bootstrap, resampled within each label."""
    dice = random.Random(SEED)
    halves = [[each for each in judged if each.hurtful is hurtful] for hurtful in (True, False)]
    areas = [
        area([each for half in halves for each in dice.choices(half, k=len(half))])
        for _ in range(RESAMPLED)
    ]
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


def ask(model: judge.LlamaJudge | judge.GuardJudge, each: int) -> list[Judged]:
    """The judge's answers, without a deadline."""
    answers = []
    for name in SETS:
        for draft, hurtful in sample(name, each):
            begun = time.perf_counter()
            chance = model.unkind(draft, "", float("inf"))
            took = (time.perf_counter() - begun) * 1000
            assert chance is not None
            answers.append(Judged(name, hurtful, chance, took))
    return answers


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    low, high = interval(judged)
    return {
        "sentences": len(judged),
        "auc": round(area(judged), 3),
        "auc_95": [round(low, 3), round(high, 3)],
        "chance": spread([each.chance for each in judged], 3),
        "ms": spread([each.milliseconds for each in judged]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=find_models(defaults()).llm.path)
    parser.add_argument("--guard", action="store_true", default=None, help="it is a Llama Guard")
    parser.add_argument("--each", type=int, default=20, help="sentences of each set; 0: all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    if not corpora.present():
        sys.exit("the open data is not here (ROBOT_VOICE_SHARED)")
    rules = {code: rubric(code) for code in LANGUAGES}
    model = judge.load(options.model, rules, options.threads, options.guard)
    judged = ask(model, options.each)
    model.close()
    groups = {name: figures([each for each in judged if each.source == name]) for name in SETS}
    groups["all"] = figures(judged)
    for name, found in groups.items():
        sys.stdout.write(f"{name}: {found}\n")
    if groups["all"]["auc_95"][0] < GOOD_ENOUGH:
        sys.stdout.write(f"not surely above {GOOD_ENOUGH}: leave this model's judge off\n")
    if options.save:
        about = {"model": options.model.name, "threads": options.threads, "each": options.each}
        save("judge", {**about, "machine": machine(defaults()), "groups": groups})


if __name__ == "__main__":
    main()
