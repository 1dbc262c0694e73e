"""The section of ``BENCHMARKS.md`` on the safety filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .report_parts import on, row
from .safety_figures import told, wilson

NAMES = {"ko": "Korean", "en": "English"}


def safety(result: dict[str, Any]) -> str:
    """All that ``python -m scripts.bench.safety`` measured."""
    parts = [_figures, _functions, _obfuscated, _crisis, _emotion, _comments, _timing]
    return "\n\n".join("\n".join(part(result)) for part in parts)


def _of(share: dict[str, Any]) -> str:
    """A share with its interval, and what of what."""
    if share["share"] is None:
        return "-"
    return f"{share['share']:.3f} ({share['low']:.2f}-{share['high']:.2f})"


def _told(tally: str | None) -> str:
    """The same of a tally."""
    if tally is None:
        return "-"
    hits, n = told(tally)
    low, high = wilson(hits, n)
    return f"{hits / n:.2f} ({low:.2f}-{high:.2f}), {tally}" if n else "-"


def _head(*names: str) -> list[str]:
    return [row(*names), row("---", *["---:"] * (len(names) - 1))]


def _figures(result: dict[str, Any]) -> list[str]:
    lines = [
        "## It never hurts anyone",
        "",
        on(result),
        "The filter as `robot-voice screen` runs it, without a judge, on open data that no head was"
        ' trained on. Caught, and blocked by mistake: "block" or "soften"; "gray" is neither. In'
        " brackets 95 % intervals (Wilson); the samples are small, and so they are wide.",
        "",
        *_head("replies", "Korean", "n", "English", "n"),
    ]
    replies = result["replies"]
    for name, key in (
        ("hurtful, caught", "hurtful"),
        ("severe ones, caught", "severe"),
        ("self-harm encouraged, caught", "self_harm"),
        ("hard benign, blocked by mistake", "false_blocks"),
    ):
        cells = [replies[lang][key] for lang in NAMES]
        lines.append(row(name, *_pairs(cells)))
    for rate in replies["ko"]["at_rate"]:
        for name, key in (("hurtful", "hurtful"), ("severe", "severe")):
            cells = [replies[lang]["at_rate"][rate][key] for lang in NAMES]
            lines.append(row(f"{name}, with {rate} of the benign blocked", *_pairs(cells)))
    lines += ["", *_head("ordinary sentences never trained on, blocked", "share", "n")]
    lines += [row(f"`{name}`", _of(one), one["n"]) for name, one in result["calm"].items()]
    context = result["context"]
    lines += [
        "",
        f"Replies in context (`ctx`): balanced accuracy {_of(context)} of {context['n']}; hurtful"
        f" ones caught {_of(context['hurtful_caught'])}, fine ones passed"
        f" {_of(context['fine_passed'])}.",
    ]
    return lines


def _pairs(shares: Iterable[dict[str, Any]]) -> list[object]:
    return [cell for share in shares for cell in (_of(share), share["n"])]


def _functions(result: dict[str, Any]) -> list[str]:
    replies = result["replies"]
    lines = [
        "### By function",
        "",
        "Of hurtful functions (`h_`) the share caught, of benign ones (`b_`) the share blocked,"
        " with the shipped limits; beside it recall with .03 of the benign blocked.",
        "",
        *_head("function", "Korean", "at .03", "English", "at .03"),
    ]
    for name in sorted(set(replies["ko"]["functions"]) | set(replies["en"]["functions"])):
        cells = []
        for lang in NAMES:
            cells.append(_told(replies[lang]["functions"].get(name)))
            cells.append(replies[lang]["at_rate"]["0.03"]["functions"].get(name, ""))
        lines.append(row(name, *cells))
    return lines


def _obfuscated(result: dict[str, Any]) -> list[str]:
    lines = [
        "### Disguised words",
        "",
        "`obf_*`: seven kinds in sentences of which most were trained on in plain form. Unseen"
        " kinds (`scripts/safety/disguises.py`): those that `obf_*` lacks, one word of a held-out"
        " sentence each, of those that are caught as they are; the normaliser was written with"
        " these kinds in mind. Word alone: sentences that are not caught without that word.",
        "",
        *_head("sentences", "caught", "n", "harmless ones blocked", "n"),
    ]
    for lang, sets in result["obfuscated"].items():
        for name, found in sets.items():
            cells = _pairs(found[side]["all"] for side in ("caught", "false_blocks"))
            lines.append(row(f"{NAMES[lang]}, {name}", *cells))
    lines += ["", *_head("kind", "caught", "word alone", "harmless ones blocked")]
    for lang, sets in result["obfuscated"].items():
        for name in ("open", "unseen"):
            caught, blocked = (sets[name][side]["kinds"] for side in ("caught", "false_blocks"))
            alone = sets["unseen, word alone"]["caught"]["kinds"] if name == "unseen" else {}
            for kind, hits in caught.items():
                others = (alone.get(kind, ""), blocked.get(kind, ""))
                lines.append(row(f"{NAMES[lang]}, {name}: {kind}", hits, *others))
    return lines


def _crisis(result: dict[str, Any]) -> list[str]:
    kinds = result["crisis"]
    lines = [
        "### Cries for help",
        "",
        "Share of what users say that is answered with the crisis script: of `c_` all should be, of"
        " `n_` none.",
        "",
        *_head("kind", "Korean", "English"),
    ]
    for name in sorted(set(kinds["ko"]["kinds"]) | set(kinds["en"]["kinds"])):
        lines.append(row(name, *(_told(kinds[lang]["kinds"].get(name)) for lang in NAMES)))
    for name, key in (("all of `c_`", "recall"), ("all of `n_`", "false_alarms")):
        lines.append(row(name, *(_of(kinds[lang][key]) for lang in NAMES)))
    return lines


def _emotion(result: dict[str, Any]) -> list[str]:
    lines = [
        "### Emotion",
        "",
        "The first guess of seven. Accuracy and macro-F1 of sentences with one label; hit: the"
        " guess is among the labels, of which there may be several.",
        "",
        *_head("set", "accuracy", "n", "macro-F1", "hit", "n"),
    ]
    for name, found in result["emotion"].items():
        accuracy, hit = found["accuracy"], found["hit"]
        cells = (_of(accuracy), accuracy["n"], f"{found['macro_f1']:.3f}", _of(hit), hit["n"])
        lines.append(row(f"`{name}`", *cells))
    return lines


def _comments(result: dict[str, Any]) -> list[str]:
    lines = [
        "### People's comments",
        "",
        "Held-out tenths of public sets, as if the robot were to say them.",
        "",
        *_head("set", "F1", "precision", "recall", "n"),
    ]
    for name, found in result["comments"].items():
        cells = [f"{found[key]:.3f}" for key in ("f1", "precision", "recall")]
        lines.append(row(f"`{name}`", *cells, found["n"]))
    return lines


def _timing(result: dict[str, Any]) -> list[str]:
    timing = result["timing"]
    lines = [
        "### What screening costs",
        "",
        "Milliseconds for a sentence, one core, warm, different sentences.",
        "",
        *_head("sentence", "processor p50", "p95", "clock p50", "p95", "n"),
    ]
    for name, key in (
        ("of a reply", "sentence"),
        ("the first, with all that is asked of the user's words", "first_sentence"),
    ):
        found = timing[key]
        cells = [found[way][p] for way in ("cpu_ms", "clock_ms") for p in ("p50", "p95")]
        lines.append(row(name, *cells, found["n"]))
    sizes = ", ".join(
        f"{NAMES[lang]} {timing['heads_bytes'][lang] / 1e6:.1f} MB in memory and"
        f" {timing['file_bytes'][lang] / 1e6:.1f} MB on disk"
        for lang in NAMES
    )
    return [*lines, "", f"Heads: {sizes}."]


def peers(result: dict[str, Any]) -> str:
    """The filter beside those that can be installed."""
    rows, ahead = result["rows"], result["ahead"]
    versions = ", ".join(f"{name} {number}" for name, number in result["peers"].items())
    lines = [
        "### Beside its peers",
        "",
        on(result),
        f"The same inputs, one run; {versions}. Share of harmless sentences blocked, and of those"
        " with hurtful ones F1 and recall; last, our recall if we blocked as many harmless ones as"
        ' the peer. The pruned list was rid of what fires on harmless text such as this. "*": we'
        " are not ahead.",
        "",
        *_head("input", "filter", "F1", "recall", "harmless blocked", "n", "our recall then"),
    ]
    for name, mine in rows["robot-voice"].items():
        lines.append(row(f"`{name}`", "robot-voice", *_judged(mine), ""))
        for peer, wins in ahead.items():
            if name in wins:
                then = result["recall_at_their_rate"][peer].get(name)
                star = "" if wins[name] else " *"
                cells = (f"{peer}{star}", *_judged(rows[peer][name]))
                lines.append(row("", *cells, "" if then is None else f"{then:.3f}"))
    lines += ["", *_head("filter", "p50, ms of processor time", "p95")]
    lines += [row(name, ms["p50"], ms["p95"]) for name, ms in result["ms"].items()]
    return "\n".join(lines)


def _judged(found: dict[str, Any]) -> list[object]:
    scores = [f"{found[key]:.3f}" if key in found else "" for key in ("f1", "recall")]
    return [*scores, f"{found['false_blocks']:.4f}", found["n"]]


def folds(result: dict[str, Any]) -> str:
    """The heads on our own sentences."""
    hurt, context, urgent = result["hurt"], result["context"], result["urgent"]
    lines = [
        "### The heads alone on our own sentences",
        "",
        on(result),
        f"{result['folds']} parts; sentences of one function and situation are never on both sides."
        " Limits: .03 of our own benign replies, which are near misses, are blocked. Left out: the"
        " head never saw a sentence of that function.",
        "",
        *_head("replies", "Korean", "left out", "English", "left out"),
    ]
    for name, key in (("hurtful", "recall"), ("severe", "severe")):
        lines.append(row(name, _of(hurt["ko"][key]), "", _of(hurt["en"][key]), ""))
    for part in ("functions", "blocked"):
        for name in sorted(set(hurt["ko"][part]) | set(hurt["en"][part])):
            cells = [
                _told(hurt[lang][which].get(name)) for lang in NAMES for which in (part, "left_out")
            ]
            lines.append(row(name, *cells))
    for name, key in (("pairs in context, balanced accuracy", "balanced"),):
        lines.append(row(name, _of(context["ko"][key]), "", _of(context["en"][key]), ""))
    worse = [_of(context[lang]["worse_of_two"]) for lang in NAMES]
    lines.append(row("the hurtful one of two thought the worse", worse[0], "", worse[1], ""))
    lines += ["", *_head("users' words taken for a cry for help", "Korean", "English")]
    for name in sorted(set(urgent["ko"]) | set(urgent["en"])):
        lines.append(row(name, *(_told(urgent[lang].get(name)) for lang in NAMES)))
    return "\n".join(lines)


def faults(result: dict[str, Any]) -> str:
    """Sentences that reached the voice although something failed."""
    kinds = ", ".join(f"{name} {count}" for name, count in result["kinds"].items())
    return (
        f"### Faults\n\n`python -m scripts.bench.faults`: {result['faults']} injected ({kinds});"
        f" unscreened sentences spoken: {result['unscreened']}."
    )


SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "safety": safety,
    "safety_peers": peers,
    "safety_folds": folds,
    "safety_faults": faults,
}
