"""Is a transcript to be believed? Pure, but for reading the threshold.

A small model hears something in everything. Its ``Transcript.confidence`` was compared with the
truth on speech it had never heard, and the threshold above which it is right often enough lies
beside its weights, in ``gate.json``::

    {"confidence": 0.83, ...}

What else the file holds (how it was calibrated) is for people. A model without it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from robot_voice.errors import ModelError
from robot_voice.types import Transcript, Verdict

FILE = "gate.json"


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    shortest_seconds: float = Field(0.3, ge=0, le=10, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold on the confidence of one model's transcripts. The default lets all words pass."""

    confidence: float = 0.0
    """In [0, 1]: less confidence than this is not believed."""
    shortest_seconds: float = 0.0
    """A doubtful transcript of a shorter sound is taken for a noise: nobody is asked to repeat
    a cough."""

    def judge(self, transcript: Transcript, seconds: float) -> Verdict:
        """``seconds``: how long the voice was heard, without the silence around it."""
        if not transcript.text:
            return "ignore"
        if transcript.confidence >= self.confidence:
            return "accept"
        return "ignore" if seconds < self.shortest_seconds else "ask"


def load_gate(model_dir: Path) -> Gate:
    """The gate of the model in this folder; one that lets all words pass when it has none.

    Raises ``ModelError`` when its file cannot be used: a model that needs a gate does not run
    without it.
    """
    file = model_dir / FILE
    try:
        found = _File.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Gate()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ModelError(
            f"{file}: {where}: {first['msg']}. It belongs to the speech model: fetch both again."
        ) from error
    return Gate(found.confidence, found.shortest_seconds)
