"""Every bar of every landed issue, one line each.

    bar <issue>.<n> <name> <value> <need> pass|fail

    python -m scripts.bars [--quick]

Figures come from what ``make bench`` and ``make eval`` measured last, wherever that was (results
are committed and name their machine); the quick ones are measured again, here. ``--quick`` leaves
out figures that were never measured, instead of failing them, and ``make test``, which takes some
minutes. Exit status 1 when a bar fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from robot_voice import paths
from scripts import duplex_bars, listening_bars, llm_bars, safety_bars
from scripts.bench import startup
from scripts.bench.common import ROOT, evaluated, load
from scripts.one_bar import Bar, at_least, at_most


def demo() -> Iterator[Bar]:
    """Bar 1.1: the demo answers in both languages."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "robot_voice", "demo", "--fast", "--json", "-o", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    turns = json.loads(done.stdout)["turns"] if done.returncode == 0 else []
    answered = {turn["transcript"]["language"] for turn in turns if turn["heard"]}
    value = "+".join(sorted(answered)) or f"exit-{done.returncode}"
    yield Bar("1.1", "demo-answers-in", value, "en+ko", answered == {"en", "ko"})


def tests() -> Iterator[Bar]:
    """Bar 1.1, the other half: lint, types and tests pass."""
    command = ["make", "--no-print-directory", "test"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    yield Bar("1.1", "make-test-exit", str(done.returncode), "0", done.returncode == 0)


def latency(result: dict[str, Any]) -> Iterator[Bar]:
    after, ready = result["after_patience_ms"], result["after_patience_ready_ms"]
    yield at_most("1.2", "first-sample-after-patience-p50", after["p50"], 150, "ms")
    yield at_most("1.2", "the-same-reply-ready-p50", ready["p50"] if ready else 1e9, 30, "ms")
    cold = result["cold_start_to_listening_s"]
    yield at_most("1.2", "cold-start-to-listening-p50", cold["p50"], 3, "s")


def cancel(result: dict[str, Any]) -> Iterator[Bar]:
    loop, engines = result["loop_free_ms"], result["engines_free_ms"]
    yield Bar("1.3", "random-moments", str(loop["n"]), ">=200", loop["n"] >= 200)
    yield at_most("1.3", "loop-free-after-cancel-p95", loop["p95"], 5, "ms")
    yield at_most("1.3", "loop-free-after-cancel-max", loop["max"], 5, "ms")
    yield at_most("1.3", "engines-free-after-cancel-max", engines["max"], 50, "ms")
    yield at_most("1.3", "heard-stored-or-acted-on-after", result["unclean"], 0, "")


def idle_noise(result: dict[str, Any]) -> Iterator[Bar]:
    level = f"quiet-room-{result['noise_dbfs']:g}dBFS-costs-of-one-core"
    yield at_most("1.4", level, result["cpu_percent_of_one_core"], 3, "%")


def idle(result: dict[str, Any]) -> Iterator[Bar]:
    growth = result["rss_end_mb"] - result["rss_start_mb"]
    yield Bar("1.4", "minutes-listened", str(result["minutes"]), ">=10", result["minutes"] >= 10)
    yield at_most("1.4", "silence-costs-of-one-core", result["cpu_percent_of_one_core"], 3, "%")
    yield at_most("1.4", "memory-growth", round(growth, 1), 2, "MiB")


def command_line() -> Iterator[Bar]:
    result = startup.measure()
    engines, seconds = result["engines_imported_by_help"], result["help_s"]
    yield Bar("1.5", "engines-imported-by-help", ",".join(engines) or "none", "none", not engines)
    yield at_most("1.5", "help-p50", seconds["p50"], 0.4, "s")


def starter_asr(result: dict[str, Any]) -> Iterator[Bar]:
    """The shipped speech model, on sentences and voices it was not trained on."""
    groups = result["groups"]
    for number, language, clean, noisy in (("2.1", "en", 0.10, 0.20), ("2.1", "ko", 0.06, 0.12)):
        name = f"synthetic_{language}_unseen"
        unit = "WER" if language == "en" else "CER"
        for condition, group, need in (("clean", name, clean), ("10dB", f"noisy_{name}", noisy)):
            error = groups[group]["error_rate"]
            yield at_most(number, f"starter-{unit}-{language}-{condition}", error, need, "")
    for what, need in (("sentences", 0.99), ("words", 0.95)):
        share = result[f"language_right_{what}"]["share"]
        yield at_least("2.2", f"starter-language-right-{what}", share, need)
    gate = json.loads((paths.starter_models() / "asr" / "gate.json").read_text("utf-8"))
    believed = gate["groups"]["nobody"]["accepted"]
    yield at_most("2.3", "starter-text-on-noise-believed", believed, 0.01, "")
    share = result["text_on_nothing"]["share"]
    yield at_most("2.3-raw", "starter-text-on-noise-before-the-gate", share, 0.01, "")
    yield at_least("2.4", "starter-ko-to-en-exact", result["translation"]["exact"], 0.80)
    human = groups.get("human_en_commands")
    if human is not None:
        yield at_least("2.5", "starter-human-commands-exact", human["exact"], 0.5)
    yield at_most("2.6", "starter-rtf-3s-one-core", result["real_time_factor_3s"], 0.03, "")
    yield at_most("2.6", "starter-asr-size", round(result["bytes"] / 1e6, 1), 16, "MB")
    yield from listening_bars.interpreter(result)


def starter_llm(result: dict[str, Any]) -> Iterator[Bar]:
    """The shipped language model: 200 prompts judged by rule, and its speed on one core."""
    speed = result["speed"]
    yield at_least("2.7", "starter-prompts-judged-right", result["judged"]["right"], 0.90)
    yield at_most("2.8", "starter-first-token-with-reuse", speed["first_token_ms"], 60, "ms")
    yield at_least("2.8", "starter-tokens-per-second", speed["tokens_per_second"], 150)
    yield at_most("2.8", "starter-llm-size", speed["megabytes"], 20, "MB")


def hub(result: dict[str, Any]) -> Iterator[Bar]:
    """Every way a download can go wrong: none may leave a wrong file that is believed."""
    value = f"{result['share']:.0%}"
    yield Bar("2.9", "hub-faults-survived", value, "100%", result["share"] >= 1.0)


OPEN = frozenset({"2.2", "2.3-raw", "2.5", "2.7", "4.2", "4.6", "5.2", "5.4", "5.11", "6.1", "7.1"})
"""Bars that are not reached yet: printed as failed, every time, but the exit status is not theirs.
Those of the starter models need more training (4.2 and 4.6 were reached with the one before); 5.2
and 5.4 are one sentence of 29 and four of 680 over; 5.11 is a tie, or a false block or two. 6.1:
one hold of 0.4 s in 20 minutes, in a canceller's first seconds (mended since), and others in the
moments in which the machine itself stood still: several robots held in the same second. 7.1: three
runs gave 0.93 to 1.02 for a 7B model and 0.96 to 1.03 for a 1.1B one: the machine's noise is as
large as what is to be shown."""

MEASURED = {
    "latency": ("1.2", latency),
    "cancel": ("1.3", cancel),
    "idle": ("1.4", idle),
    "idle_noise": ("1.4", idle_noise),
    "starter_asr": ("2.1", starter_asr),
    "starter_llm": ("2.7", starter_llm),
    "hub": ("2.9", hub),
    **listening_bars.MEASURED,
    **safety_bars.MEASURED,
    **duplex_bars.MEASURED,
    **llm_bars.MEASURED,
}


def bars(quick: bool) -> Iterator[Bar]:
    results = load() | evaluated()
    yield from demo()
    if not quick:
        yield from tests()
    for name, (number, judge) in MEASURED.items():
        if name in results:
            yield from judge(results[name])
        elif not quick:
            yield Bar(number, name, "not-measured", "make-bench", False)
    yield from command_line()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    failed = 0
    for bar in bars(parser.parse_args().quick):
        sys.stdout.write(f"{bar}\n")
        sys.stdout.flush()
        failed += not bar.passed and bar.number not in OPEN
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
