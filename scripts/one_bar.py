"""One line of ``make bars``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    number: str
    name: str
    value: str
    need: str
    passed: bool

    def __str__(self) -> str:
        verdict = "pass" if self.passed else "fail"
        return f"bar {self.number} {self.name} {self.value} {self.need} {verdict}"


def at_most(number: str, name: str, value: float, limit: float, unit: str) -> Bar:
    return Bar(number, name, f"{value:g}{unit}", f"<={limit:g}{unit}", value <= limit)


def at_least(number: str, name: str, value: float, limit: float) -> Bar:
    return Bar(number, name, f"{value:g}", f">={limit:g}", value >= limit)
