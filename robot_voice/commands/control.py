"""``robot-voice control``: tell a running robot something, as its own software does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .common import Run, command

app = typer.Typer(
    no_args_is_help=True, help="Tell a running robot of its motions, silence it, or look at it."
)

ADAPTER_SECONDS = 60.0
"""A large model takes some to read its instructions again."""


@command(app, "json", "verbose")
def motion(
    run: Run,
    level: Annotated[
        float, typer.Argument(help="0: the body stands still; 1: as loud as it gets.")
    ],
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="It ends by itself after these; 10 if unset.")
    ] = None,
) -> None:
    """Tell the robot that its own motors run, so that it does not take them for a voice.

    While they do, it wants a voice to be clearer and believes its words less.

    Example:
      robot-voice control motion 0.6; move_arm; robot-voice control motion 0
    """
    request: dict[str, Any] = {"do": "motion", "level": level}
    _show(run, request if seconds is None else {**request, "seconds": seconds})


@command(app, "json", "verbose")
def interrupt(run: Run) -> None:
    """Let the robot fall silent, and forget what it was about to say."""
    _show(run, {"do": "interrupt"})


@command(app, "json", "verbose")
def mute(run: Run) -> None:
    """Close the microphone: nothing records until `unmute`.

    The robot can still speak, and be told to.
    """
    _show(run, {"do": "mute", "muted": True})


@command(app, "json", "verbose")
def unmute(run: Run) -> None:
    """Open the microphone again."""
    _show(run, {"do": "mute", "muted": False})


@command(app, "json", "verbose")
def adapter(
    run: Run,
    name: Annotated[str, typer.Argument(help='One of llm.adapters; "" for none.')],
) -> None:
    """Let the robot speak with another adapter (LoRA) of its language model.

    It falls silent, and reads its instructions again, which may take seconds. At
    the next start it begins with persona.adapter again.

    Example:
      robot-voice control adapter guide
    """
    _show(run, {"do": "adapter", "name": name}, ADAPTER_SECONDS)


@command(app, "json", "verbose")
def status(run: Run) -> None:
    """Show how a running robot is."""
    _show(run, {"do": "status"})


def _show(run: Run, request: Mapping[str, Any], seconds: float = 5.0) -> None:
    from robot_voice.service.control import ask, socket_path

    answer = ask(socket_path(), request, seconds)
    if run.json:
        run.write_json(answer)
        return
    for name, value in answer.items():
        typer.echo(f"{name}: {value}")
