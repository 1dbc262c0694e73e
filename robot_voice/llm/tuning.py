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
SLICE = 1.2
"""Seconds that prefill and decoding are measured for, each."""
_PROMPT = 256
"""Tokens of the measured prompt, where the machine reads them within two slices."""
_FIRST_WORD = 300
"""Tokens from here on are words in every vocabulary."""
_ABORTS = 5


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
    the first being of what is in force. Raises ``ModelError``.
    """
    end = time.monotonic() + seconds

    def measured(settings: Settings) -> Measured:
        found = measure(path, config, settings)
        tell(found)
        return found

    first = best = measured(present(path, config, threads))
    took = seconds - (end - time.monotonic())
    for number in range(len(_AXES)):
        for settings in _candidates(best.settings, number, threads, path):
            if time.monotonic() + 2 * took > end:  # one more, and the comparison
                break
            best = _better(best, measured(settings))
    return best if best is first else _better(measured(first.settings), measured(best.settings))


def measure(path: Path, config: LlmConfig, settings: Settings) -> Measured:
    """How fast a file is with ``settings``. Raises ``ModelError``, or ``LlmError``."""
    own = settings.to_dict() | {"context_tokens": max(config.context_tokens, 2 * _PROMPT)}
    if not settings.flash_attention:
        own["cache_type_v"] = "f16"  # the only one without it
    native = LlamaContext(path, config.model_copy(update=own), settings.threads, settings.repack)
    try:
        prompt = [_FIRST_WORD + number for number in range(min(_PROMPT, native.size // 2))]
        native.prefill(prompt[:32])  # brings the file into memory
        prefill = max(_prefill_speed(native, prompt) for _ in range(2))
        decode = _decode_speed(native)
        return Measured(settings, prefill, decode, _abort_seconds(native, prompt, prefill))
    finally:
        native.close()


def _prefill_speed(native: LlamaContext, prompt: Sequence[int]) -> float:
    """Tokens a second. A slow machine gets as much of the prompt as a slice has time for."""
    native.prefill([0])
    began = time.perf_counter()
    native.prefill(prompt[:32])
    length = int(32 * SLICE / (time.perf_counter() - began))
    native.prefill([0])
    part = prompt[: max(32, length)]
    began = time.perf_counter()
    native.prefill(part)
    return len(part) / (time.perf_counter() - began)


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

        wait = min(SLICE, len(prompt) / speed) * (number + 1) / (_ABORTS + 1)
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


def _candidates(best: Settings, axis: int, threads: int, path: Path) -> Iterator[Settings]:
    """What differs from ``best`` in one respect."""
    name = _AXES[axis]
    values: dict[str, Sequence[Any]] = {
        "repack": (not best.repack,) if best.repack or _fits_twice(path) else (),
        "threads": sorted({threads - 1, threads * 3 // 4, threads // 2} - {0}, reverse=True),
        "batch_tokens": BATCHES,
        "flash_attention": (not best.flash_attention,),
    }
    for value in values[name]:
        if value != getattr(best, name):
            yield replace(best, **{name: value})


def _fits_twice(path: Path) -> bool:
    """Whether there is memory for weights that are rearranged beside the file's own."""
    return bool(psutil.virtual_memory().available > 2.5 * path.stat().st_size)
