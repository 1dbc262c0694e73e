"""How soon the language model stops when nobody listens any more, wherever it is.

    python -m scripts.bench.llm_abort [--shape tinyllama-1.1b] [--times 200]

An untrained model of true shape (``untrained``). It is stopped at random moments: first while it
reads a prompt of ``PROMPT`` tokens, of which it knows nothing, then, as often, while it replies to
one that it knows. Counted from the moment in which ``cancelled`` becomes true to the moment in
which the engine gives its thread back. After every one the next reply, to a short question or
(every ``WHOLE`` th time, and always of a prompt that it knows) to the same long prompt, must be
what it is without an abort; that is, after the same reading: a prompt of which the cache has all
but the last token is another one to llama.cpp, which rounds small batches in another way.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_voice.build import threads_for
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message

from .common import defaults, machine, percentile, save
from .untrained import SHAPES, add_folder, make

PROMPT = 1000
WHOLE = 25
REPLY_TOKENS = 24
SHORT = [Message("user", "Good morning, who are you?")]


@dataclass(frozen=True, slots=True)
class Aborted:
    reading: bool
    """While it read the prompt; else while it replied."""
    milliseconds: float
    same: bool
    """The next reply was what it is without an abort."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="tinyllama-1.1b")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--threads", type=int, help="else as many as the product uses")
    parser.add_argument("--seed", type=int, default=0)
    add_folder(parser)
    options = parser.parse_args()
    loaded = defaults()
    threads = options.threads or threads_for(loaded.config)
    path = make(options.shape, options.folder)
    aborted = list(measure(path, threads, options.times, options.seed))
    result = {
        "machine": machine(loaded),
        "shape": options.shape,
        "threads": threads,
        "prompt_tokens": PROMPT,
        "all": figures(aborted),
        "while_reading": figures([each for each in aborted if each.reading]),
        "while_replying": figures([each for each in aborted if not each.reading]),
    }
    if options.times >= 200 and options.shape != "tiny":
        save("llm_abort", result)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure(path: Path, threads: int, times: int, seed: int) -> Iterator[Aborted]:
    dice = random.Random(seed)
    llm = LlamaLlm(path, LlmConfig(max_tokens=REPLY_TOKENS), threads)
    long = long_talk(llm)
    short = _reply(llm, SHORT)
    began = time.perf_counter()
    llm.prefill(long, lambda: False)
    read = time.perf_counter()
    anew = _reply(llm, long)
    reading, replying = read - began, time.perf_counter() - read
    for number in range(times // 2):
        took, reading = stopped(llm, long, dice, reading, forget=True)
        whole = number % WHOLE == WHOLE - 1
        same = _reply(llm, long) == anew if whole else _reply(llm, SHORT) == short
        yield Aborted(True, took, same)
    _reply(llm, long)
    again = _reply(llm, long)
    for _ in range(times // 2):
        took, replying = stopped(llm, long, dice, replying, forget=False)
        yield Aborted(False, took, _reply(llm, long) == again)
    llm.close()


def stopped(
    llm: LlamaLlm, talk: Sequence[Message], dice: random.Random, within: float, forget: bool
) -> tuple[float, float]:
    """Milliseconds that one abort takes, at a moment in so many seconds; and how many there are:
    fewer when it was done before, as on a machine that has become less busy."""
    while True:
        if forget:
            llm._native._keep(0)
        began = time.perf_counter()
        took = abort(llm, talk, dice.uniform(0, within))
        if took is not None:
            return took, within
        within = min(within, time.perf_counter() - began)


def long_talk(llm: LlamaLlm) -> list[Message]:
    """A prompt of ``PROMPT`` tokens, or hardly more."""
    talk = [Message("user", "Tell me all that you know.")]
    while len(llm._fitting(talk)) < PROMPT:
        number = len(talk)
        talk.insert(0, Message("user" if number % 2 else "assistant", f"This is line {number}."))
    return talk


def abort(llm: LlamaLlm, talk: Sequence[Message], moment: float) -> float | None:
    """Milliseconds until the engine was free; None if it had been done before ``moment``."""
    cancelled = threading.Event()
    at: list[float] = []

    def cancel() -> None:
        at.append(time.perf_counter())
        cancelled.set()

    timer = threading.Timer(moment, cancel)
    timer.start()
    for _ in llm.generate(talk, cancelled.is_set):
        pass
    free = time.perf_counter()
    timer.cancel()
    timer.join()
    return 1000 * (free - at[0]) if at and at[0] < free else None


def _reply(llm: LlamaLlm, talk: Sequence[Message]) -> str:
    return "".join(llm.generate(talk, lambda: False))


def figures(aborted: Sequence[Aborted]) -> dict[str, Any]:
    times = [each.milliseconds for each in aborted]
    return {
        "n": len(times),
        "p50_ms": round(percentile(times, 0.5), 1),
        "p99_ms": round(percentile(times, 0.99), 1),
        "max_ms": round(max(times), 1),
        "next_reply_differs": sum(not each.same for each in aborted),
    }


if __name__ == "__main__":
    main()
