"""What is not read again: the first token of a fifth turn, and of the first turn after a restart.

    python -m scripts.bench.llm_reuse [--shape tinyllama-1.1b] [--times 3] [--tokens 500]

An untrained model of true shape (``untrained``), since only the numbers of tokens matter; a system
prompt of ``--tokens`` tokens. *Turn 5*: the time from the request to the first text, with the cache
as the four turns before left it, and with an empty one. The replies in the history are other than
those the model made, as when somebody interrupts, so they are read as well. *Restart*: a new
engine reads the system prompt and the first question, without and with the state on disk, which was
dropped from the system's cache before; the time to load the weights is not in it, being the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robot_voice.build import threads_for
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message

from .common import defaults, save
from .llm_models import about, warmed
from .untrained import SHAPES, add_folder

RULE = "Rule {n}: be kind, be clear, use short sentences, and say so when you do not know. "
ASKED = "It rains again. What now, number {n}?"
SAID = "You can drink some tea and read a good book."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="tinyllama-1.1b")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=500, help="of the system prompt")
    parser.add_argument("--threads", type=int, help="else as many as the product uses")
    add_folder(parser)
    options = parser.parse_args()
    loaded = defaults()
    threads = options.threads or threads_for(loaded.config)
    path = warmed(options.shape, options.folder)
    at = about(loaded, threads, {options.shape: path})
    llm = LlamaLlm(path, LlmConfig(), threads)
    rules = system_prompt(llm, options.tokens)
    result = {
        "machine": at,
        "shape": options.shape,
        "threads": threads,
        "system_tokens": len(llm._opening(rules, "a")),
        "turn_5": turn_five(llm, rules, options.times),
    }
    llm.close()
    result["restart"] = restart(path, threads, rules, options.times)
    if options.tokens >= 500 and options.shape != "tiny":
        save("llm_reuse", result)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def system_prompt(llm: LlamaLlm, tokens: int) -> str:
    """Rules of at least so many tokens."""
    rules = ""
    while len(llm._opening(rules, "a")) < tokens:
        rules += RULE.format(n=rules.count("Rule") + 1)
    return rules


def talk(rules: str, turns: int) -> list[Message]:
    """A conversation up to the user's words of turn number ``turns``."""
    messages = [Message("system", rules)]
    for number in range(1, turns):
        messages += [Message("user", ASKED.format(n=number)), Message("assistant", SAID)]
    return [*messages, Message("user", ASKED.format(n=turns))]


def turn_five(llm: LlamaLlm, rules: str, times: int) -> dict[str, Any]:
    reused, anew = [], []
    for _ in range(times):
        llm._native._keep(0)
        for turn in range(1, 5):
            first_token(llm, talk(rules, turn))
        reused.append(first_token(llm, talk(rules, 5)))
        llm._native._keep(0)
        anew.append(first_token(llm, talk(rules, 5)))
    before, now = (len(llm._fitting(talk(rules, turn))) for turn in (4, 5))
    return {"prompt_tokens": now, "new_tokens": now - before} | _compared(reused, anew)


def restart(path: Path, threads: int, rules: str, times: int) -> dict[str, Any]:
    cold, restored = [], []
    with tempfile.TemporaryDirectory() as folder:
        states = Path(folder)
        begun(path, threads, rules, states)  # saves
        for _ in range(times):
            cold.append(begun(path, threads, rules, None))
            for file in states.iterdir():
                _forget(file)
            restored.append(begun(path, threads, rules, states))
        size = sum(file.stat().st_size for file in states.iterdir())
    return {"state_mb": round(size / 1e6, 1)} | _compared(restored, cold)


def begun(path: Path, threads: int, rules: str, states: Path | None) -> float:
    """Milliseconds from a loaded model to the first text of the first reply."""
    llm = LlamaLlm(path, LlmConfig(), threads, states)
    began = time.perf_counter()
    llm.warm(rules)
    warmed = 1000 * (time.perf_counter() - began)
    first = first_token(llm, talk(rules, 1))
    llm.close()
    return warmed + first


def first_token(llm: LlamaLlm, messages: Sequence[Message]) -> float:
    """Milliseconds to the first text; then the reply goes on for a little."""
    began = time.perf_counter()
    reply = llm.generate(messages, lambda: False)
    next(reply)
    took = 1000 * (time.perf_counter() - began)
    for _ in range(4):
        next(reply)
    reply.close()  # type: ignore[attr-defined]
    return took


def _forget(file: Path) -> None:
    """Drop a file from the system's cache, so that reading it is reading the disk."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _compared(quick: Sequence[float], slow: Sequence[float]) -> dict[str, Any]:
    one, other = statistics.median(quick), statistics.median(slow)
    return {
        "times": len(quick),
        "quick_ms": round(one, 1),
        "slow_ms": round(other, 1),
        "share": round(one / other, 4),
    }


if __name__ == "__main__":
    main()
