"""How an action is carried out: what an executor is, and what its owner sets. Pure."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from robot_voice.errors import VoiceError
from robot_voice.types import Action

HALT_SECONDS = 2.0
"""Longest wait for a body to be told to stop; the robot goes on listening meanwhile."""


class ActionError(VoiceError):
    """An action failed. The robot says so and goes on."""


class Executor(Protocol):
    """Carries actions out, one at a time. Lives on the event loop.

    Nothing that is executed may outlive ``close``.
    """

    async def execute(self, action: Action) -> None:
        """Return when it is done. Cancelled: it must end at once. Raises ``ActionError``."""

    async def halt(self) -> None:
        """Tell the body to stand still, whatever it does. Raises ``ActionError``."""

    async def close(self) -> None:
        """Let go of processes and connections."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(30.0, gt=0, le=3600)
    """An action that takes longer is given up, and has failed."""


Word = Annotated[str, Field(min_length=1, max_length=1000)]
_CALL = r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$"


class PythonConfig(_Model):
    """A function ``call(name, arguments)`` in a process of its own, which stays."""

    kind: Literal["python"]
    call: str = Field(pattern=_CALL)
    """``module:function``. What it raises is the failure; what it returns is ignored."""
    halt: str = Field("", pattern=rf"^$|{_CALL}")
    """A function without arguments that is called when somebody says "stop", in a new process."""


class ProcessConfig(_Model):
    """A program and its arguments; no shell reads them."""

    kind: Literal["process"]
    argv: tuple[Word, ...] = Field(min_length=1, max_length=100)
    """``{action}`` is its name, ``{json}`` all of it, other names in braces are arguments; one that
    the action does not have is empty. Exit status 0 is success."""
    halt: tuple[Word, ...] = ()
    """What is run when somebody says "stop"."""


class HttpConfig(_Model):
    """``POST`` of ``{"action": ..., "arguments": {...}}``; a status below 300 is success."""

    kind: Literal["http"]
    url: str = Field(pattern=r"^https?://[^\s]+$")
    halt: str = Field("", pattern=r"^$|^https?://[^\s]+$")
    """Is posted to, with an empty object, when somebody says "stop"."""
    token_file: str = ""
    """File with nothing but a bearer token."""


class MqttConfig(_Model):
    """A message of ``{"id": ..., "action": ..., "arguments": {...}}`` to a broker, QoS 1."""

    kind: Literal["mqtt"]
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(1883, ge=1, le=65535)
    tls: bool = False
    user: str = ""
    password_file: str = ""
    """File with nothing but the password."""
    topic: str = Field(min_length=1)
    results: str = ""
    """Where the body answers ``{"id": ..., "ok": true}``, or ``"ok": false`` with ``"reason"``.
    Empty: what the broker has taken counts as done."""
    halt: str = ""
    """Where an empty object is sent when somebody says "stop"."""


class DryRunConfig(_Model):
    """Does nothing and says that it is done: for demonstrations."""

    kind: Literal["dry-run"]
    takes: float = Field(0.0, ge=0, le=60)
    """Seconds that it pretends to work."""


ExecutorConfig: TypeAlias = Annotated[
    PythonConfig | ProcessConfig | HttpConfig | MqttConfig | DryRunConfig,
    Field(discriminator="kind"),
]
