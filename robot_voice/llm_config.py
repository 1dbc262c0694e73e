"""What an owner may set of thinking: the language model, and what the robot does."""

from __future__ import annotations

from pydantic import Field

from .section import Fraction, Seconds, Section, Threads


class LlmConfig(Section):
    model: str = "auto"
    """"auto" is what `robot-voice models pull --profile` chose, else the starter; or "starter", a
    GGUF file, or the name of one in `models/` or the user's data folder."""
    threads: Threads | None = None
    """CPU threads; unset: the shared budget `cpu.threads`."""
    context_tokens: int = Field(2048, ge=256, le=131072)
    """Size of the context window; the model's own limit caps it."""
    max_tokens: int = Field(160, ge=1, le=4096)
    """Longest reply."""
    temperature: float = Field(0.0, ge=0, le=2)
    """0 always takes the likeliest word."""
    top_p: Fraction = 0.9
    """Words are drawn from the likeliest that together have this probability."""
    repeat_penalty: float = Field(1.1, ge=1, le=2)
    """Above 1 the model repeats itself less."""
    seed: int = 3
    """Seed of the dice, used when temperature is above 0."""
    repack: bool | None = None
    """Repack weights at load. Unset: off for K-quants, where it doubles memory and slows
    prefill; on for the others."""
    timeout_seconds: Seconds = 30.0
    """A reply whose first word takes longer fails, and the robot apologises."""


class ActionsConfig(Section):
    file: str = "base"
    """Table of robot commands: a name in `configs/actions/` or a path."""
