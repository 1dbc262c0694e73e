"""What leads to what: the table ``data/policy.toml``, and an owner's stricter one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, TypeAlias

from .lexicon import read_data

Sensitivity: TypeAlias = Literal["standard", "high", "child"]

STEPS: tuple[Sensitivity, ...] = ("standard", "high", "child")
"""From the floor upward."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Probabilities from which a sentence is in doubt, and from which it is replaced."""

    doubt: float
    block: float

    @property
    def middle(self) -> float:
        """From here on doubt is enough, when nobody can be asked."""
        return (self.doubt + self.block) / 2

    def stricter(self, other: Limits) -> Limits:
        return Limits(min(self.doubt, other.doubt), min(self.block, other.block))


@dataclass(frozen=True, slots=True)
class Rules:
    """One sensitivity's row of the table."""

    severity: int
    toxic: Limits
    hurt: Limits
    context: Limits

    def of(self, category: str) -> Limits:
        """The limits of a head; of any other category those of ``context``."""
        return {"toxic": self.toxic, "hurt": self.hurt}.get(category, self.context)

    def stricter(self, other: Rules) -> Rules:
        """The stricter of each value."""
        return Rules(
            min(self.severity, other.severity),
            self.toxic.stricter(other.toxic),
            self.hurt.stricter(other.hurt),
            self.context.stricter(other.context),
        )


def rules(sensitivity: Sensitivity, own: Mapping[str, Any] | None = None) -> Rules:
    """The row of ``sensitivity``, made stricter by an owner's row of the same form.

    Raises ``ValueError`` for an unknown key, or a value that is none.
    """
    floor = _table()[sensitivity]
    return floor.stricter(_row(own, floor)) if own else floor


def one_step_up(sensitivity: Sensitivity) -> Sensitivity:
    """The next stricter row; the strictest stays."""
    return STEPS[min(STEPS.index(sensitivity) + 1, len(STEPS) - 1)]


@cache
def _table() -> dict[str, Rules]:
    start = Rules(3, *(Limits(1.0, 1.0),) * 3)
    return {name: _row(row, start) for name, row in read_data("policy.toml").items()}


def _row(row: Mapping[str, Any], start: Rules) -> Rules:
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key == "severity" and value in (1, 2, 3):
            values[key] = value
        elif key in ("toxic", "hurt", "context") and _is_pair(value):
            values[key] = Limits(*map(float, value))
        else:
            raise ValueError(f"{key} = {value!r}: expected severity 1 to 3, or [doubt, block]")
    return replace(start, **values)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(part, int | float) and 0 <= part <= 1 for part in value)
        and value[0] <= value[1]
    )
