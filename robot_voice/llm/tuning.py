"""Which settings make a model fastest on this machine: measured, since no default fits them all.

Repacking Q4_0 weights halves a prompt's time on one processor; repacking Q4_K ones adds half to it
on the same. What counts is a turn's beginning: reading what is new, and saying a first sentence.
One setting is changed at a time, and the better one stays; at the end what was found is measured
against what was there, so that a neighbour's load does not pass for a gain.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from robot_voice.llm_config import LlmConfig

from .gguf import K_QUANTS, file_type
from .native import LlamaContext

TURN_PROMPT, TURN_REPLY = 60, 12
"""Tokens of a turn as we suppose it: the reply before, as it was heard, and a question; then a
first sentence of some ten words."""
GAIN = 1.05
"""A change that brings less than this is not made: so much the measurements themselves vary."""
ABORT_SECONDS = 0.04
"""A setting with which an interruption takes longer is not chosen; an engine has 50 ms."""
BATCHES = (32, 64, 128, 256)
SLICE = 1.0
"""Seconds that prefill and decoding are measured for, each, about."""
_PROMPT, _TASTE = 256, 32
"""Tokens of the measured prompt: as many as fit into a slice, but at least so few."""
_FIRST_WORD = 300
"""Tokens from here on are words in every vocabulary."""
_ABORTS, _ABORT_WITHIN = 5, 0.3
"""Interruptions that are timed, and within how many seconds of a prompt's begin."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is tuned; the names are those of ``llm``'s keys."""

    threads: int
    repack: bool
    flash_attention: bool
    batch_tokens: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a model is with these settings."""

    settings: Settings
    prefill: float
    """Prompt tokens a second."""
    decode: float
    """Reply tokens a second."""
    abort: float
    """Seconds until the engine was free of a prompt; the median of some interruptions."""

    @property
    def turn(self) -> float:
        """Seconds to the end of a first sentence."""
        return TURN_PROMPT / self.prefill + TURN_REPLY / self.decode


def present(path: Path, config: LlmConfig, threads: int) -> Settings:
    """What is in force. Raises ``ModelError`` when the file is none."""
    repack = file_type(path) not in K_QUANTS if config.repack is None else config.repack
    return Settings(threads, repack, config.flash_attention, config.batch_tokens)


def tune(
    path: Path, config: LlmConfig, threads: int, seconds: float, tell: Callable[[Measured], None]
) -> Measured:
    """The best settings found for the GGUF file at ``path`` within ``seconds``, about.

    ``threads``: the most it may use, and those it uses now. ``tell`` is told of every measurement,
    the first being of what is in force. Raises ``ModelError`` or ``LlmError``.
    """

    def measured(settings: Settings) -> Measured:
        found = measure(path, config, settings)
        tell(found)
        return found

    roomy = psutil.virtual_memory().available > 2.5 * path.stat().st_size
    return search(present(path, config, threads), measured, seconds, roomy)


def search(
    begin: Settings, measured: Callable[[Settings], Measured], seconds: float, roomy: bool
) -> Measured:
    """The best that was found from ``begin`` on, in about so many seconds.

    ``roomy``: there is memory for weights that are rearranged beside the file's own.
    """
    end = time.monotonic() + seconds
    first = best = measured(begin)
    took = seconds - (end - time.monotonic())
    for axis in _AXES:
        for settings in _candidates(axis, best.settings, begin.threads, roomy):
            if time.monotonic() + 3 * took > end:  # this one, and the comparison
                break
            best = _better(best, measured(settings))
    return best if best is first else _better(measured(begin), measured(best.settings))


def measure(path: Path, config: LlmConfig, settings: Settings) -> Measured:
    """How fast a file is with ``settings``. Raises ``ModelError``, or ``LlmError``."""
    own = settings.to_dict() | {"context_tokens": max(config.context_tokens, 2 * _PROMPT)}
    if not settings.flash_attention:
        own["cache_type_v"] = "f16"  # the only one without it
    native = LlamaContext(path, config.model_copy(update=own), settings.threads, settings.repack)
    try:
        prompt = [_FIRST_WORD + number for number in range(min(_PROMPT, native.size // 2))]
        began = time.perf_counter()
        native.prefill(prompt[:_TASTE])  # brings the file into memory
        length = int(_TASTE * SLICE / (time.perf_counter() - began))
        part = prompt[: max(_TASTE, length)]
        prefill = max(_prefill_speed(native, part) for _ in range(2))
        decode = _decode_speed(native)
        return Measured(settings, prefill, decode, _abort_seconds(native, prompt, prefill))
    finally:
        native.close()


def _prefill_speed(native: LlamaContext, prompt: Sequence[int]) -> float:
    """Tokens a second."""
    native.prefill([0])  # forgets the rest
    began = time.perf_counter()
    native.prefill(prompt)
    return len(prompt) / (time.perf_counter() - began)


def _decode_speed(native: LlamaContext) -> float:
    """Tokens a second, by the median token."""
    times: list[float] = []
    room = native.size // 4
    while len(times) < 4 or (sum(times) < SLICE and len(times) < room):
        began = time.perf_counter()
        native.sample()
        native.evaluate([_FIRST_WORD])  # whatever was drawn, so that a reply's end ends nothing
        times.append(time.perf_counter() - began)
    return 1 / statistics.median(times)


def _abort_seconds(native: LlamaContext, prompt: Sequence[int], speed: float) -> float:
    """How long interruptions at different moments of a prompt take; 0 if all came too late."""
    times: list[float] = []
    for number in range(_ABORTS):
        native.prefill([number])
        at: list[float] = []

        def abort(at: list[float] = at) -> None:
            at.append(time.perf_counter())
            native.interrupt(True)

        wait = min(_ABORT_WITHIN, len(prompt) / speed) * (number + 1) / (_ABORTS + 1)
        timer = threading.Timer(wait, abort)
        timer.start()
        finished = native.prefill(prompt)
        free = time.perf_counter()
        timer.cancel()
        timer.join()
        native.interrupt(False)
        if not finished and at:
            times.append(free - at[0])
    return statistics.median(times) if times else 0.0


def _better(one: Measured, other: Measured) -> Measured:
    """The other, if it is surely better and can be interrupted."""
    usable = other.abort <= max(ABORT_SECONDS, one.abort)
    return other if usable and one.turn > GAIN * other.turn else one


_AXES = ("repack", "threads", "batch_tokens", "flash_attention")
"""In the order in which they matter."""


def _candidates(axis: str, best: Settings, threads: int, roomy: bool) -> Iterator[Settings]:
    """What differs from ``best`` in one respect."""
    values: dict[str, Sequence[Any]] = {
        "repack": (not best.repack,) if best.repack or roomy else (),
        "threads": sorted({threads - 1, threads * 3 // 4, threads // 2} - {0}, reverse=True),
        "batch_tokens": BATCHES,
        "flash_attention": (not best.flash_attention,),
    }
    for value in values[axis]:
        if value != getattr(best, axis):
            yield replace(best, **{axis: value})
