"""How long the safety filter takes, and how much memory its heads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from robot_voice.safety import heads
from robot_voice.safety.screen import SafetyScreen
from robot_voice.types import Draft

from . import safety_inputs as inputs
from .common import percentile
from .safety_inputs import LANGUAGES

TIMED = 500
"""Sentences; none is asked about twice in a way that could be remembered."""


def timing(screen: SafetyScreen) -> dict[str, Any]:
    """Milliseconds on one core, warm: a sentence of a reply when the user's words are read already,
    and the first one, with all that is asked of the user's words before."""
    cases = [
        case
        for name, language in inputs.CALM.items()
        for case in inputs.held_out(name, language)[: TIMED // 3]
    ]
    cases += [case for lang in LANGUAGES for case in inputs.sample(f"hurtcheck_{lang}")]
    users = {lang: [case.text for case in cases if case.language == lang] for lang in LANGUAGES}
    for case in cases[:50]:
        screen.screen(Draft(case.text, case.language, "warm up"))
    later, first = [], []
    for case in cases[:TIMED]:
        draft = Draft(case.text, case.language, "hello there", "And then.")
        later.append(_measured(lambda d=draft: screen.screen(d)))  # type: ignore[misc]
    for at, case in enumerate(cases[:TIMED]):
        words = users[case.language]
        draft = Draft(case.text, case.language, words[(at + len(words) // 2) % len(words)])
        first.append(_measured(lambda d=draft: _first(screen, d)))  # type: ignore[misc]
    return {
        "sentence": _spread(later),
        "first_sentence": _spread(first),
        "heads_bytes": {lang: _size(lang) for lang in LANGUAGES},
        "file_bytes": {lang: _file(lang).stat().st_size for lang in LANGUAGES},
    }


def _first(screen: SafetyScreen, draft: Draft) -> None:
    screen.answer(draft.user, draft.language)
    screen.screen(draft)


def _measured(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of processor time and of the clock."""
    clock, processor = time.perf_counter(), time.thread_time()
    call()
    return 1e3 * (time.thread_time() - processor), 1e3 * (time.perf_counter() - clock)


def _spread(taken: Sequence[tuple[float, float]]) -> dict[str, Any]:
    columns = zip(("cpu_ms", "clock_ms"), zip(*taken, strict=True), strict=True)
    spreads = {
        name: {
            "p50": round(percentile(values, 0.5), 3),
            "p95": round(percentile(values, 0.95), 3),
        }
        for name, values in columns
    }
    return {**spreads, "n": len(taken)}


def _size(language: str) -> int:
    trained = heads.load(language)
    return trained.size if trained else 0


def _file(language: str) -> Path:
    return Path(heads.__file__).parent / "data" / f"heads.{language}.npz"
