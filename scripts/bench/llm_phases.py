"""What a language model is at, and what a moment costs: for ``llm_abort``.

An engine is followed through the calls that it makes, from outside and only here. Each call that
is followed costs it a microsecond or two.
"""

from __future__ import annotations

import functools
import itertools
import math
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from robot_voice.llm.llama import LlamaLlm

ELSEWHERE = "elsewhere"
"""In Python, between the calls; also the caller, and whoever else has the interpreter's lock."""
CALLS = {
    "tokenize": "tokenising",
    "restore": "restoring",
    "_keep": "cutting",
    "sample": "sampling",
    "piece": "sampling",
}
"""The native part's calls, and what they are for."""
PHASES = ("rendering", *dict.fromkeys(CALLS.values()), "prefill", "decode", ELSEWHERE)


class Phases:
    """The changes from one phase to another, of the thread that has the engine."""

    def __init__(self, llm: LlamaLlm) -> None:
        """Follow ``llm`` from now on."""
        native = llm._native
        self._follow(llm, "_fitting", lambda messages: "rendering")
        for name, phase in CALLS.items():
            self._follow(native, name, functools.partial(_always, phase))
        self._follow(native, "evaluate", _evaluating)
        self._interrupt = native.interrupt
        native.interrupt = self._interrupted  # type: ignore[method-assign]
        self.begin()

    def begin(self) -> None:
        """Forget what was."""
        self._changes = [(time.perf_counter(), ELSEWHERE)]
        self.told = math.inf
        """When the engine was told to stop (``time.perf_counter``)."""

    def at(self, moment: float) -> str:
        """The phase at a moment since ``begin``."""
        return next(phase for since, phase in reversed(self._changes) if since <= moment)

    def spent(self, begin: float, end: float) -> dict[str, float]:
        """Milliseconds in each phase between two moments, an outer one without those in it."""
        found = dict[str, float]()
        last = (math.inf, ELSEWHERE)
        for (since, phase), (until, _) in itertools.pairwise([*self._changes, last]):
            if (seconds := min(until, end) - max(since, begin)) > 0:
                found[phase] = found.get(phase, 0.0) + 1000 * seconds
        return found

    def _follow(self, owner: Any, name: str, phase_of: Callable[..., str]) -> None:
        call = getattr(owner, name)

        def followed(*given: Any, **named: Any) -> Any:
            outer = self._changes[-1][1]
            self._changes.append((time.perf_counter(), phase_of(*given)))
            try:
                return call(*given, **named)
            finally:
                self._changes.append((time.perf_counter(), outer))

        setattr(owner, name, followed)

    def _interrupted(self, abort: bool) -> None:
        if abort:
            self.told = time.perf_counter()
        self._interrupt(abort)


def _always(phase: str, *_: object) -> str:
    return phase


def _evaluating(tokens: Sequence[int]) -> str:
    """A single token is one of the reply, or, once, the last of a prompt that is known."""
    return "prefill" if len(tokens) > 1 else "decode"


@dataclass(frozen=True, slots=True)
class Usage:
    """What this process has used until now, and what others took from it."""

    processor: float
    """Seconds, of all threads."""
    stolen: float
    """Seconds in which the host ran another machine on our processors; in steps of 10 ms."""
    faults: int
    """Pages that had to come from the disk."""
    switches: int
    """Times that a thread had to make room for another."""

    @classmethod
    def now(cls) -> Usage:
        used = resource.getrusage(resource.RUSAGE_SELF)
        stolen = getattr(psutil.cpu_times(), "steal", 0.0)  # Linux only
        return cls(used.ru_utime + used.ru_stime, stolen, used.ru_majflt, used.ru_nivcsw)

    def since(self, before: Usage) -> dict[str, float]:
        return {
            "processor_ms": round(1000 * (self.processor - before.processor), 1),
            "stolen_ms": round(1000 * (self.stolen - before.stolen)),
            "pages_from_disk": self.faults - before.faults,
            "made_to_wait": self.switches - before.switches,
        }
