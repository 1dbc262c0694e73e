"""Results to ``BENCHMARKS.md`` and ``scripts/bench/latency.png``.

python -m scripts.bench.report
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from robot_voice.service.ledger import STEPS
from robot_voice.view import LABELS

from . import report_duplex, report_listening, report_llm, report_safety
from .common import ROOT, evaluated, load
from .report_parts import on, row

PLOT = ROOT / "scripts" / "bench" / "latency.png"

HEAD = """# Benchmarks

Written by `make bench` from `scripts/bench/results.json`; every table names the command that
makes it again. Times are medians and 95th percentiles. The machine is a shared virtual one: read
differences within one run, not across runs. The starter models are small; these figures say
how much the assistant itself adds, not how fast large models are. The loudspeaker is a file; a
sound card adds its own latency (35-46 ms on the virtual one of the tests).
"""


def latency(result: dict[str, Any]) -> str:
    lines = [
        "## From the end of speech to the first sample",
        "",
        on(result),
        f"{result['turns']} warm turns at real-time pace, milliseconds from the end of speech:",
        "",
        row("step", "p50", "p95", "max"),
        row("---", "---:", "---:", "---:"),
        *(
            row(LABELS[step], *(result["steps_ms"][step][key] for key in ("p50", "p95", "max")))
            for step in STEPS
        ),
        "",
        row("figure", "p50", "p95", "max", "n"),
        row("---", "---:", "---:", "---:", "---:"),
    ]
    for name, key in (
        ("first sample after the commit patience, ms", "after_patience_ms"),
        ("the same, reply ready before the commit, ms", "after_patience_ready_ms"),
        ("the same, first turn of a new process, ms", "cold_first_turn_after_patience_ms"),
        ("cold start to listening, s", "cold_start_to_listening_s"),
    ):
        figures = result[key]
        if figures:
            lines.append(row(name, figures["p50"], figures["p95"], figures["max"], figures["n"]))
    lines += ["", "![latency waterfall](scripts/bench/latency.png)"]
    return "\n".join(lines)


def cancel(result: dict[str, Any]) -> str:
    loop, engines = result["loop_free_ms"], result["engines_free_ms"]
    return "\n".join(
        [
            "## Cancelling a turn at random moments",
            "",
            on(result),
            row("figure", "p50", "p95", "max", "n"),
            row("---", "---:", "---:", "---:", "---:"),
            row("the loop is free, ms", loop["p50"], loop["p95"], loop["max"], loop["n"]),
            row(
                "the engines are free, ms",
                *(engines[key] for key in ("p50", "p95", "max", "n")),
            ),
            row("something heard, stored or acted on afterwards", "", "", "", result["unclean"]),
        ]
    )


def idle(result: dict[str, Any]) -> str:
    level = result["noise_dbfs"]
    where = "in silence" if level is None else f"in a room with noise at {level:g} dBFS"
    return "\n".join(
        [
            f"## Listening {where}",
            "",
            on(result),
            row("figure", "value"),
            row("---", "---:"),
            row("minutes", result["minutes"]),
            row("processor, % of one core, all processes", result["cpu_percent_of_one_core"]),
            row("memory at the start, MiB", result["rss_start_mb"]),
            row("memory at the end, MiB", result["rss_end_mb"]),
        ]
    )


def startup(result: dict[str, Any]) -> str:
    seconds = result["help_s"]
    return "\n".join(
        [
            "## The command line",
            "",
            on(result),
            row("figure", "p50", "p95", "max"),
            row("---", "---:", "---:", "---:"),
            row("`--help`, s", seconds["p50"], seconds["p95"], seconds["max"]),
            row("engines it imports", len(result["engines_imported_by_help"]), "", ""),
        ]
    )


def hub(result: dict[str, Any]) -> str:
    return "\n".join(
        [
            "## Fetching models from a hub that misbehaves",
            "",
            f"`python -m scripts.bench.hub`, {result['times']} times each, at random points."
            " Survived means: no wrong file was believed, and the next pull gives the right ones.",
            "",
            row("fault", "survived"),
            row("---", "---:"),
            *(row(fault, count) for fault, count in sorted(result["survived"].items())),
        ]
    )


def sphinx(result: dict[str, Any]) -> str:
    """The closed grammar beside the starter's own ears."""
    sets = {
        "human en_commands, grammar of its own sentences": result[
            "en_commands, grammar of its own sentences"
        ],
        **{f"{name}, robot grammar": counts for name, counts in result["robot commands"].items()},
    }
    return "\n".join(
        [
            "## English commands by a closed grammar (PocketSphinx) and by the starter",
            "",
            on({"command": "python -m scripts.bench.sphinx --each 12", **result}),
            row(
                "clips", "n", "in the grammar", "accepted right", "accepted wrong", "starter right"
            ),
            row("---", "---:", "---:", "---:", "---:", "---:"),
            *(
                row(
                    name,
                    *(
                        counts[key]
                        for key in ("n", "in grammar", "accepted right", "accepted wrong")
                    ),
                    counts["starter right"],
                )
                for name, counts in sets.items()
            ),
            "",
            f"3 s of sound take {result['milliseconds for 3 s']['p50']} ms on one core (median).",
        ]
    )


SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "latency": latency,
    "cancel": cancel,
    "idle": idle,
    "idle_noise": idle,
    "startup": startup,
    "hub": hub,
    "sphinx": sphinx,
    **report_listening.SECTIONS,
    **report_safety.SECTIONS,
    **report_duplex.SECTIONS,
    **report_llm.SECTIONS,
}


def plot(result: dict[str, Any]) -> None:
    """The median waterfall, and the 95th percentile of each step as a whisker."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    medians = [result["steps_ms"][step]["p50"] for step in STEPS]
    late = [
        result["steps_ms"][step]["p95"] - median
        for step, median in zip(STEPS, medians, strict=True)
    ]
    order = sorted(range(len(STEPS)), key=medians.__getitem__)
    figure, axes = pyplot.subplots(figsize=(8, 3.2), layout="constrained")
    before = 0.0
    for place, n in enumerate(order):
        axes.barh(place, medians[n] - before, left=before, color="#4c78a8", height=0.6)
        axes.errorbar(
            medians[n], place, xerr=[[0], [max(0.0, late[n])]], color="#e45756", capsize=3
        )
        before = medians[n]
    axes.set_yticks(range(len(order)), [LABELS[STEPS[n]] for n in order])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds from the end of speech (bar: median, whisker: 95th percentile)")
    figure.savefig(PLOT, dpi=120)
    pyplot.close(figure)


def main() -> None:
    results = load() | evaluated()
    parts = [HEAD, *(make(results[name]) for name, make in SECTIONS.items() if name in results)]
    (ROOT / "BENCHMARKS.md").write_text("\n\n".join(part.strip() for part in parts) + "\n")
    if "latency" in results:
        plot(results["latency"])


if __name__ == "__main__":
    main()
