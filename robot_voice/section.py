"""What all sections of the configuration have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Language: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
"""ISO 639-1 code, as Whisper knows it: en, ko, ja, zh, ..."""

Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=60)]
HotWord: TypeAlias = Annotated[str, Field(min_length=1, max_length=40)]
Threads: TypeAlias = Annotated[int, Field(ge=1, le=256)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
