"""What an owner may set of how careful the robot is, and of what it tells of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from .section import Fraction, Section


class PolicyConfig(Section):
    """Limits of an owner's own. Only what is stricter than the program's counts."""

    severity: Literal[1, 2, 3] | None = None
    """Lowest severity of a word or phrase that is not said; see the lexicons."""
    toxic: tuple[Fraction, Fraction] | None = None
    """Probability of abuse from which a sentence is in doubt, and from which it is not said."""
    hurt: tuple[Fraction, Fraction] | None = None
    """The same for words that hurt whom the robot speaks to."""
    context: tuple[Fraction, Fraction] | None = None
    """The same for words that are out of place after what the user said."""

    @model_validator(mode="after")
    def _doubt_comes_first(self) -> PolicyConfig:
        for pair in (self.toxic, self.hurt, self.context):
            if pair is not None and pair[0] > pair[1]:
                raise ValueError(f"{list(pair)}: the first must not be above the second")
        return self


class SafetyConfig(Section):
    sensitivity: Literal["standard", "high", "child"] = "standard"
    """How careful the filter is. The floor cannot be lowered."""
    region: str = Field("", pattern=r"^(?:[A-Z]{2})?$")
    """Country (ISO 3166-1, such as "KR") whose helplines are named in a crisis; unset: the usual
    one of the language that is spoken."""
    judge: str = "auto"
    """Who decides on doubtful sentences: "llm" is the language model itself, "off" nobody (then the
    more doubtful half is not said), else the path of a GGUF, such as a Llama Guard. "auto" is off
    with the starter model, which is no help at it, and else "llm"."""
    judge_seconds: float = Field(0.7, gt=0, le=5)
    """How long the judge may take; without an answer by then the sentence is treated as without a
    judge."""
    policy: PolicyConfig = PolicyConfig()
    """Limits of your own. What is laxer than the program's, for this sensitivity, is ignored."""


class ReportsConfig(Section):
    enabled: bool = True
    """File what hurt somebody, on this machine, so that it is never said again and can be looked
    into (`robot-voice report`)."""
    keep_text: bool = False
    """With the words. Set this only with the consent of those who speak to the robot; unset, a
    salted hash and the filter's scores are kept."""
    retention_days: int = Field(30, ge=1, le=3650)
    """How long a report is kept. That its sentence is not said again outlives it."""


class DisclosureConfig(Section):
    notice: Literal["first", "session", "off"] = "first"
    """When the robot says by itself that it is one, how sure its answers are and what it keeps:
    at the first meeting, at the beginning of every session, or only when it is asked."""
    remind_minutes: int = Field(60, ge=5, le=240)
    """With `safety.sensitivity` "child" it reminds of that after every so many minutes of talk."""
