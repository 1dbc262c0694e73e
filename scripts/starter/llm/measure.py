"""The model's figures: ``python -m scripts.starter.llm.measure MODEL.gguf --out FIGURES.json``.

Runs in the product's environment on one core: how soon the first token of a reply is there when the
conversation goes on by a turn of some 40 tokens, tokens a second, and the file's size. With
``--judged`` and ``--progress`` (what judge.py and train.py wrote) everything goes into one file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from robot_voice.config import PersonaConfig, ToneConfig
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm.prompt import compose

from .product import load, messages

TIMES = 20
_TURN = (
    "I went to the park with my friend today and we talked about music, movies and food, and then"
    " it began to rain, so we ran home and drank some tea together, number {n}."
)


def measure(path: Path) -> dict[str, Any]:
    """Milliseconds and tokens a second: medians over ``TIMES`` turns."""
    llm = load(path, threads=1)
    first, speeds, turn_tokens = [], [], 0
    for number in range(TIMES):
        talk = ["Hello!", "Hello! How are you today?", _TURN.format(n=number)]
        turn_tokens = len(llm._native.tokenize(talk[-1]))
        _answer(llm, talk[:1])  # what was said before is in the cache
        began = time.perf_counter()
        moments = _answer(llm, talk)
        first.append(1000 * (moments[0] - began))
        speeds += [(len(moments) - 1) / (moments[-1] - moments[0])] if len(moments) > 4 else []
    llm.close()
    return {
        "first_token_ms": round(statistics.median(first), 1),
        "turn_tokens": turn_tokens,
        "tokens_per_second": round(statistics.median(speeds)),
        "megabytes": round(path.stat().st_size / 1e6, 2),
        "threads": 1,
    }


def _answer(llm: LlamaLlm, talk: list[str]) -> list[float]:
    """When each piece of the reply was there."""
    prompt = compose(messages(talk), "en", PersonaConfig(), ToneConfig())
    return [time.perf_counter() for _ in llm.generate(prompt, lambda: False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--progress", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    figures: dict[str, Any] = {"file": options.model.name, "speed": measure(options.model)}
    for name in ("judged", "progress"):
        if path := getattr(options, name):
            figures[name] = json.loads(path.read_text(encoding="utf-8"))
    text = json.dumps(figures, indent=1, ensure_ascii=False) + "\n"
    sys.stdout.write(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
