"""``robot-voice control``: tell a running robot something, as its own software does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .common import Run, command

app = typer.Typer(
    no_args_is_help=True, help="Tell a running robot of its motions, silence it, or look at it."
)


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
def status(run: Run) -> None:
    """Show how a running robot is."""
    _show(run, {"do": "status"})


def _show(run: Run, request: Mapping[str, Any]) -> None:
    from robot_voice.service.control import ask, socket_path

    answer = ask(socket_path(), request)
    if run.json:
        run.write_json(answer)
        return
    for name, value in answer.items():
        typer.echo(f"{name}: {value}")
