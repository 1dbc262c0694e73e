"""How soon the language model stops when nobody listens any more, wherever it is.

    python -m scripts.bench.llm_abort [--shape tinyllama-1.1b] [--times 200]

An untrained model of true shape (``untrained``). It is stopped at random moments: first while it
reads a prompt of ``PROMPT`` tokens, of which it knows nothing (a fifth of them), then while it
replies to one that it knows, and (a fifth) between a question and the first word of its reply when
the instructions have to be brought back first. Counted from the moment in which ``cancelled``
becomes true to the moment in which the engine gives its thread back.

After every one the next reply, to a short question or (every ``WHOLE`` th time, and always of a
prompt that it knows) to the same prompt, must be what it is without an abort; that is, after the
same reading: llama.cpp rounds small batches in another way, so it matters which part of a prompt
was read with which. Hence two replies are right, each where it belongs: ``Known``.

For each moment it is told what the engine was at (``llm_phases``), what it did until it was free,
when it was told to stop, and whether the processors were its own: a machine that is busy, or whose
host is, makes moments slow of which the engine knows nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_voice.build import threads_for
from robot_voice.llm.llama import LlamaLlm
from robot_voice.llm.native import kept
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message

from .common import defaults, percentile, save
from .llm_models import about, warmed
from .llm_phases import PHASES, Phases, Usage
from .llm_reuse import system_prompt
from .untrained import SHAPES, add_folder

PROMPT = 1000
INSTRUCTIONS = 500
"""Tokens of the instructions that are brought back."""
WHOLE = 5
REPLY_TOKENS = 24
SLOWEST = 8
"""Moments that are told of one by one."""
SHORT = [Message("user", "Good morning, who are you?")]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is interrupted."""

    name: str
    talk: Sequence[Message]
    known: bool
    """Whether the engine has read it before."""


@dataclass(frozen=True, slots=True)
class Known:
    """Replies that nobody interrupted."""

    anew: str
    again: str
    """After the prompt had been read: then its last token is evaluated alone."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One moment."""

    milliseconds: float
    place: str
    """What the engine was at: one of ``PHASES``."""
    told_ms: float | None
    """From the moment until llama.cpp was told; None: the engine saw it by itself before."""
    spent_ms: Mapping[str, float]
    """By phase, until it was free."""
    usage: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Aborted:
    scene: str
    stop: Stop
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
    path = warmed(options.shape, options.folder)
    result = {"machine": about(loaded, threads, {options.shape: path}), "shape": options.shape}
    result |= told(list(measure(path, threads, options.times, options.seed)))
    if options.times >= 200 and options.shape != "tiny":
        save("llm_abort", result)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure(path: Path, threads: int, times: int, seed: int) -> Iterator[Aborted]:
    """Abort ``times`` times. Of reading there are fewer: each takes a fifth of a minute."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(LlamaLlm(path, LlmConfig(max_tokens=REPLY_TOKENS), threads, Path(folder))) as llm,
    ):
        rules = system_prompt(llm, INSTRUCTIONS)
        llm.warm(rules)
        trial = Trial(llm, random.Random(seed))
        long = long_talk(llm)
        yield from trial.run(Scene("reading", long, known=False), times // 5)
        yield from trial.run(Scene("replying", long, known=True), times - 2 * (times // 5))
        warm = [Message("system", rules), *SHORT]
        yield from trial.run(Scene("restoring", warm, known=False), times // 5)


def long_talk(llm: LlamaLlm) -> list[Message]:
    """A prompt of ``PROMPT`` tokens, or hardly more."""
    talk = [Message("user", "Tell me all that you know.")]
    while len(llm._fitting(talk)) < PROMPT:
        number = len(talk)
        talk.insert(0, Message("user" if number % 2 else "assistant", f"This is line {number}."))
    return talk


class Trial:
    """One engine, and what it replies when nobody stops it."""

    def __init__(self, llm: LlamaLlm, dice: random.Random) -> None:
        self._llm = llm
        self._dice = dice
        self._phases = Phases(llm)

    def run(self, scene: Scene, times: int) -> Iterator[Aborted]:
        """Stop the engine at so many moments of a scene."""
        short = Known(anew=self._reply(SHORT, forget=True), again=self._after(scene, SHORT))
        known, within = self._undisturbed(scene)
        for number in range(times):
            stop, within = self._stopped(scene, within)
            if scene.name != "reading" or number % WHOLE == WHOLE - 1:
                right = known.again if self._has_read(scene) else known.anew
                same = self._reply(scene.talk) == right
            else:
                begun = kept(self._llm._native, self._llm._fitting(SHORT)) > 0
                same = self._reply(SHORT) == (short.again if begun else short.anew)
            yield Aborted(scene.name, stop, same)

    def _undisturbed(self, scene: Scene) -> tuple[Known, float]:
        """The replies, and the seconds in which moments are drawn."""
        self._forget()
        began = time.perf_counter()
        self._llm.prefill(scene.talk, _never)
        read = time.perf_counter() - began
        anew = self._reply(scene.talk)
        began = time.perf_counter()
        again = self._reply(scene.talk)
        return Known(anew, again), time.perf_counter() - began if scene.known else read

    def _after(self, scene: Scene, talk: Sequence[Message]) -> str:
        """The reply to ``talk`` when the cache holds a scene's prompt, which begins alike."""
        self._forget()
        self._llm.prefill(scene.talk, _never)
        return self._reply(talk)

    def _has_read(self, scene: Scene) -> bool:
        """Whether the next reply is made from a last token that is evaluated alone."""
        native = self._llm._native
        missing = len(self._llm._fitting(scene.talk)) - len(native._cached)
        return scene.known or (missing <= 1 and not (missing == 0 and native._fresh))

    def _stopped(self, scene: Scene, within: float) -> tuple[Stop, float]:
        """One abort, at a moment in so many seconds; and how many there are: fewer when it was
        done before, as on a machine that has become less busy."""
        while True:
            if not scene.known:
                self._forget()
            began = time.perf_counter()
            stop = self._abort(scene.talk, self._dice.uniform(0, within))
            if stop is not None:
                return stop, within
            within = min(within, time.perf_counter() - began)

    def _abort(self, talk: Sequence[Message], moment: float) -> Stop | None:
        """None if it had been done before ``moment``."""
        cancelled = threading.Event()
        at: list[tuple[float, Usage]] = []

        def cancel() -> None:
            used = Usage.now()
            at.append((time.perf_counter(), used))
            cancelled.set()

        timer = threading.Timer(moment, cancel)
        self._phases.begin()
        timer.start()
        for _ in self._llm.generate(talk, cancelled.is_set):
            pass
        free, used = time.perf_counter(), Usage.now()
        timer.cancel()
        timer.join()
        if not at or at[0][0] >= free:
            return None
        since, before = at[0]
        return Stop(
            1000 * (free - since),
            self._phases.at(since),
            1000 * (self._phases.told - since) if self._phases.told < free else None,
            self._phases.spent(since, free),
            used.since(before),
        )

    def _reply(self, talk: Sequence[Message], *, forget: bool = False) -> str:
        if forget:
            self._forget()
        return "".join(self._llm.generate(talk, _never))

    def _forget(self) -> None:
        self._llm._native._keep(0)


def _never() -> bool:
    return False


def told(aborted: Sequence[Aborted]) -> dict[str, Any]:
    """The figures: of all, by scene, by what the engine was at, and the slowest moments."""
    scenes = dict.fromkeys(each.scene for each in aborted)
    by_scene = {name: [each for each in aborted if each.scene == name] for name in scenes}
    by_place = {name: [each for each in aborted if each.stop.place == name] for name in PHASES}
    slowest = sorted(aborted, key=lambda each: -each.stop.milliseconds)[:SLOWEST]
    return {
        "prompt_tokens": PROMPT,
        "all": figures(aborted),
        "by_scene": {name: figures(each) for name, each in by_scene.items()},
        "by_place": {name: figures(each) for name, each in by_place.items() if each},
        "slowest": [one_by_one(each) for each in slowest],
    }


def figures(aborted: Sequence[Aborted]) -> dict[str, Any]:
    times = [each.stop.milliseconds for each in aborted]
    return {
        "n": len(times),
        "p50_ms": round(percentile(times, 0.5), 1),
        "p99_ms": round(percentile(times, 0.99), 1),
        "max_ms": round(max(times), 1),
        "next_reply_differs": sum(not each.same for each in aborted),
    }


def one_by_one(aborted: Aborted) -> dict[str, Any]:
    stop = aborted.stop
    return {
        "scene": aborted.scene,
        "place": stop.place,
        "ms": round(stop.milliseconds, 1),
        "told_ms": None if stop.told_ms is None else round(stop.told_ms, 1),
        "spent_ms": {phase: round(ms, 1) for phase, ms in stop.spent_ms.items()},
        **stop.usage,
    }


if __name__ == "__main__":
    main()
