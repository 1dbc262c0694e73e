"""Shares with intervals, recall at a fixed false-positive rate, and F1: what the figures of the
safety filter are made of. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import sqrt
from typing import Any

Z = 1.96
"""Standard deviations of a 95 % interval."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson, "Probable inference", 1927); (0, 1) for ``n`` 0."""
    if not n:
        return 0.0, 1.0
    share = hits / n
    middle = share + Z * Z / (2 * n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    whole = 1 + Z * Z / n
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def share(hits: Collection[bool]) -> dict[str, Any]:
    """How many of them are true: share, interval, and how many there were."""
    count, n = sum(hits), len(hits)
    low, high = wilson(count, n)
    return {
        "share": round(count / n, 4) if n else None,
        "low": round(low, 3),
        "high": round(high, 3),
        "hits": count,
        "n": n,
    }


def tally(hits: Collection[bool]) -> str:
    """The same in one line of the results, such as "38/40"."""
    return f"{sum(hits)}/{len(hits)}"


def told(tally: str) -> tuple[int, int]:
    """Hits and number of a ``tally``."""
    hits, _, n = tally.partition("/")
    return int(hits), int(n)


def limit_at(negatives: Sequence[float], rate: float) -> float:
    """The lowest limit that at most ``rate`` of these scores exceed."""
    allowed = int(rate * len(negatives) + 1e-9)
    return sorted(negatives, reverse=True)[allowed] if allowed < len(negatives) else 0.0


def recall_at(
    positives: Sequence[float], negatives: Sequence[float], rate: float
) -> dict[str, Any]:
    """Share of ``positives`` above the limit that ``rate`` of ``negatives`` exceed."""
    limit = limit_at(negatives, rate)
    return {**share([score > limit for score in positives]), "limit": round(limit, 4)}


def f1(truths: Sequence[bool], guesses: Sequence[bool]) -> dict[str, Any]:
    """F1 of the class True, with its precision and recall; 0 where a denominator is 0."""
    right = sum(truth and guess for truth, guess in zip(truths, guesses, strict=True))
    precision = right / sum(guesses) if any(guesses) else 0.0
    recall = right / sum(truths) if any(truths) else 0.0
    both = precision + recall
    return {
        "f1": round(2 * precision * recall / both, 4) if both else 0.0,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "n": len(truths),
    }


def macro_f1(truths: Sequence[str], guesses: Sequence[str], classes: Sequence[str]) -> float:
    """The mean of the classes' F1, each class against the others."""
    each = [f1([t == name for t in truths], [g == name for g in guesses])["f1"] for name in classes]
    return float(round(sum(each) / len(each), 4))


def balanced(caught: Collection[bool], passed: Collection[bool]) -> dict[str, Any]:
    """Balanced accuracy, the mean of two shares, with an interval from theirs (Zou and Donner,
    "Construction of confidence limits about effect measures", 2008)."""
    sides = [share(caught), share(passed)]
    values = [side["hits"] / side["n"] for side in sides]
    middle = sum(values) / 2
    down = sqrt(sum((v - s["low"]) ** 2 for v, s in zip(values, sides, strict=True))) / 2
    up = sqrt(sum((v - s["high"]) ** 2 for v, s in zip(values, sides, strict=True))) / 2
    return {
        "share": round(middle, 4),
        "low": round(middle - down, 3),
        "high": round(middle + up, 3),
        "n": sum(side["n"] for side in sides),
        "hurtful_caught": sides[0],
        "fine_passed": sides[1],
    }
