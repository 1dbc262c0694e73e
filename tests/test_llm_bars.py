"""What is made of the figures on thinking: bars and tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts import llm_bars
from scripts.bench import report, report_llm
from scripts.bench.common import ROOT, load
from scripts.one_bar import Bar

MACHINE = {
    "date": "2026-11-22",
    "cpu": "a processor",
    "cores": 2,
    "memory_gb": 24,
    "system": "a system",
    "threads": 2,
    "load_average": 0.1,
    "versions": {"numpy": "2.4.6"},
    "models": {"tiny": {"name": "tiny", "file": "tiny.gguf", "sha256": "0123456789ab"}},
}
DECODED = {
    "tokens": 192,
    "engine_tokens_per_second": 97.0,
    "bare_tokens_per_second": 100.0,
    "share": 0.97,
    "moved_gb_per_second": 40.0,
    "roofline_share": 0.8,
}
TIMES = {"n": 200, "p50_ms": 5.0, "p99_ms": 50.0, "max_ms": 60.0, "next_reply_differs": 0}
SLOW = {
    "scene": "reading",
    "place": "prefill",
    "ms": 60.0,
    "told_ms": None,
    "spent_ms": {"prefill": 59.0, "elsewhere": 1.0},
    "processor_ms": 100.0,
    "stolen_ms": 0,
    "pages_from_disk": 0,
    "made_to_wait": 2,
}
FOUND = {
    "commands": 200,
    "fired": 190,
    "right where it fires": 0.97,
    "found of the commands": 0.9,
    "n": 300,
    "no commands": 100,
    "false": 0,
    "heard as another command": 1,
    "no commands heard as one": 1,
}
RECALL = {"p50": 5.0, "p95": 19.9, "max": 25.0, "first": 80.0, "n": 200}
QUALITY = {
    "questions": 27,
    "precision_at_3": 0.8,
    "hit_at_3": 0.9,
    "unrelated": 7,
    "false": 1,
}
PASSING: dict[str, dict[str, Any]] = {
    "llm_speed": {
        "machine": MACHINE,
        "read_gb_per_second": 50.0,
        "models": {"tinyllama-1.1b": DECODED, "llama2-7b": DECODED},
    },
    "llm_reuse": {
        "machine": MACHINE,
        "shape": "tinyllama-1.1b",
        "system_tokens": 500,
        "turn_5": {
            "prompt_tokens": 740,
            "new_tokens": 55,
            "times": 3,
            "quick_ms": 125.0,
            "slow_ms": 1000.0,
            "share": 0.125,
        },
        "restart": {
            "state_mb": 11.0,
            "times": 3,
            "quick_ms": 200.0,
            "slow_ms": 1000.0,
            "share": 0.2,
        },
    },
    "llm_abort": {
        "machine": MACHINE,
        "shape": "tinyllama-1.1b",
        "prompt_tokens": 1000,
        "all": TIMES,
        "by_scene": {"reading": TIMES, "replying": TIMES, "restoring": TIMES},
        "by_place": {"prefill": TIMES},
        "slowest": [SLOW],
    },
    "actions": {
        "machine": MACHINE,
        "phrases": 378,
        "written": FOUND,
        "heard by the starter": {"n": 500, "asked for again": 300, "believed": FOUND},
        "by kind": {"en exact": {"n": 74, "fired": 74, "right": 74}},
        "ordinary talk": {"n": 1000, "false": 0, "to the letter a command": 2},
        "processor milliseconds": {"p50": 0.1, "p95": 4.99, "max": 8.0, "n": 1000},
    },
    "memory": {
        "machine": MACHINE,
        "embedder": "hash",
        "times": {
            "memories": 10_000,
            "bytes": 5_000_000,
            "numpy": RECALL,
            "sqlite_vec": RECALL,
            "embed_ms": {"p50": 0.1, "p95": 0.2, "max": 0.3, "n": 100},
            "remember_ms": {"p50": 0.1, "p95": 0.2, "max": 0.3, "n": 30},
            "forget_ms": 50.0,
        },
        "quality": {"tuning": {"all": QUALITY}, "held_out": {"en": QUALITY, "all": QUALITY}},
        "forgotten": {"words": 1000, "before": 1000, "after": 0},
    },
    "long_talk": {
        "machine": MACHINE,
        "turns": 1000,
        "failed": 0,
        "rss_start_mb": 99.0,
        "rss_end_mb": 101.0,
        "longest_prompt_tokens": 493,
        "context_tokens": 768,
        "overflowed": 0,
        "summaries_made": 500,
        "summaries_begun": 540,
        "summary_tokens_max": 76.8,
        "summary_budget": 76.8,
        "messages_max": 6,
    },
    "remote_faults": {
        "machine": MACHINE,
        "turns": 100,
        "faults": 100,
        "in_mid_turn": 40,
        "kinds": {"cut": 100},
        "unanswered": 0,
        "said_twice": 0,
        "wrong": 0,
        "cancel_ms": {"p50": 2.0, "p95": 5.0, "max": 50.0, "n": 100},
    },
}
"""Results that reach every bar and no more."""
WORSE: list[tuple[str, str, float]] = [
    ("llm_speed", "models/tinyllama-1.1b/share", 0.969),
    ("llm_speed", "models/llama2-7b/share", 0.969),
    ("llm_reuse", "system_tokens", 499),
    ("llm_reuse", "turn_5/share", 0.126),
    ("llm_reuse", "restart/share", 0.201),
    ("llm_abort", "prompt_tokens", 999),
    ("llm_abort", "all/n", 199),
    ("llm_abort", "all/p99_ms", 50.1),
    ("llm_abort", "all/next_reply_differs", 1),
    ("actions", "written/n", 299),
    ("actions", "written/right where it fires", 0.969),
    ("actions", "heard by the starter/believed/right where it fires", 0.969),
    ("actions", "written/false", 1),
    ("actions", "heard by the starter/believed/false", 1),
    ("actions", "ordinary talk/false", 1),
    ("actions", "processor milliseconds/p95", 5),
    ("memory", "times/memories", 9999),
    ("memory", "times/numpy/p95", 20),
    ("memory", "times/sqlite_vec/p95", 20),
    ("memory", "forgotten/before", 0),
    ("memory", "forgotten/after", 1),
    ("long_talk", "turns", 999),
    ("long_talk", "rss_end_mb", 101.1),
    ("long_talk", "overflowed", 1),
    ("long_talk", "summaries_made", 0),
    ("long_talk", "summary_tokens_max", 76.9),
    ("remote_faults", "faults", 99),
    ("remote_faults", "unanswered", 1),
    ("remote_faults", "said_twice", 1),
    ("remote_faults", "wrong", 1),
    ("remote_faults", "cancel_ms/max", 50.1),
]
"""Result, what of it, and a value that is just not good enough."""


def judged(name: str, result: dict[str, Any]) -> list[Bar]:
    number, judge = llm_bars.MEASURED[name]
    bars = list(judge(result))
    assert {bar.number for bar in bars} == {number}
    return bars


def with_value(name: str, path: str, value: float) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.dumps(PASSING[name]))  # shares nothing
    *folders, last = path.split("/")
    place = result
    for folder in folders:
        place = place[folder]
    assert last in place
    place[last] = value
    return result


@pytest.mark.parametrize("name", llm_bars.MEASURED)
def test_what_is_good_enough_passes(name: str) -> None:
    bars = judged(name, PASSING[name])
    assert all(bar.passed for bar in bars)
    assert len({bar.name for bar in bars}) == len(bars)
    assert all(len(str(bar).split()) == 6 for bar in bars)


@pytest.mark.parametrize(("name", "path", "value"), WORSE)
def test_one_figure_that_is_worse_fails_one_bar(name: str, path: str, value: float) -> None:
    failed = [bar for bar in judged(name, with_value(name, path, value)) if not bar.passed]
    assert len(failed) == 1


def test_every_part_of_the_issue_has_a_bar_a_table_and_a_line_in_the_makefile() -> None:
    numbers = [number for number, _ in llm_bars.MEASURED.values()]
    assert numbers == [f"7.{part}" for part in range(1, 8)]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name in llm_bars.MEASURED:
        assert f"-m scripts.bench.{name}" in makefile
        assert report.SECTIONS[name] is report_llm.SECTIONS[name]


@pytest.mark.parametrize("name", report_llm.SECTIONS)
def test_tables_name_machine_model_and_command_and_are_whole(name: str) -> None:
    check_table(name, PASSING[name])


def check_table(name: str, result: dict[str, Any]) -> None:
    section = report_llm.SECTIONS[name](result)
    assert section.startswith("## ")
    assert f"`python -m scripts.bench.{name}" in section
    assert "sha256" in section and "threads" in section
    assert "None" not in section
    table: list[int] = []
    for line in [*section.splitlines(), ""]:
        if line.startswith("|"):
            table.append(line.count("|"))
        elif table:
            assert len(set(table)) == 1 and len(table) > 2, line
            table.clear()


@pytest.mark.parametrize("name", llm_bars.MEASURED)
def test_what_was_measured_has_words_and_bars(name: str) -> None:
    if name not in load():
        pytest.skip("not measured yet")
    result = load()[name]
    check_table(name, result)
    assert {bar.name for bar in judged(name, result)} <= {
        bar.name for bar in judged(name, PASSING[name])
    } | {f"precision-at-3-{language}" for language in ("en", "ko", "all")}
