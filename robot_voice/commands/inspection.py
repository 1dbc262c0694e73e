"""``robot-voice devices``, ``doctor`` and ``version``: what is here, and whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .common import Run, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from robot_voice.doctor import Check
    from robot_voice.models.registry import ModelKind
    from robot_voice.settings import Loaded

ENGINES = (
    "faster-whisper",
    "ctranslate2",
    "llama-cpp-python",
    "onnxruntime",
    "webrtcvad-wheels",
    "pyttsx3",
    "sounddevice",
    "soxr",
    "numpy",
    "pydantic",
    "livekit",
)
"""Packages whose versions change what is heard, said or measured."""


def register(app: typer.Typer) -> None:
    command(app, "json", "verbose")(devices)
    command(app, "config", "overrides", "json", "verbose")(doctor)
    command(app, "config", "overrides", "json", "verbose")(version)


def devices(run: Run) -> None:
    """List microphones and loudspeakers.

    What audio.input and audio.output take is the name, a part of it, or the
    number in the first column (which changes when something is plugged in).

    Example:
      robot-voice talk -s audio.input=3 -s audio.output=USB
    """
    from dataclasses import asdict

    from robot_voice.audio.devices import list_devices

    found = list_devices()
    if run.json:
        run.write_json({"devices": [asdict(device) for device in found]})
        return
    if not found:
        typer.echo("No sound devices. `robot-voice doctor` tells why, and what works without.")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "name", "system", "in", "out", "rate", "default")
    for device in found:
        uses = {"input": device.default_input, "output": device.default_output}
        table.add_row(
            str(device.index),
            escape(device.name),
            escape(device.host_api),
            str(device.inputs),
            str(device.outputs),
            f"{device.rate:.0f} Hz",
            ", ".join(name for name, chosen in uses.items() if chosen),
        )
    Console().print(table)


def doctor(run: Run) -> None:
    """Check everything the robot needs, and tell how to mend what is wrong.

    Nothing is played or recorded. The exit code is 0 if nothing failed; a warning
    is about something that works less well, or not here.
    """
    from dataclasses import asdict

    from robot_voice.config import Config
    from robot_voice.doctor import Subject, examine, healthy
    from robot_voice.errors import ConfigError
    from robot_voice.settings import Loaded

    try:
        subject = Subject(run.load())
    except ConfigError as error:
        subject = Subject(Loaded(Config()), error)
    checks = examine(subject)
    if run.json:
        run.write_json({"ok": healthy(checks), "checks": [asdict(check) for check in checks]})
    else:
        _print_checks(checks)
    if not healthy(checks):
        raise typer.Exit(1)


def version(run: Run) -> None:
    """Show the versions of the program, its engines and its models.

    With --json also a hash of each model's weights: what a bug report or a
    benchmark needs.
    """
    import platform

    from robot_voice import __version__
    from robot_voice.doctor.software import package_version

    if not run.json:
        typer.echo(f"robot-voice {__version__} (Python {platform.python_version()})")
        typer.echo("\n".join(f"{name} {package_version(name) or '-'}" for name in ENGINES))
        return
    loaded = run.load()
    run.write_json(
        {
            "robot-voice": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "packages": {name: package_version(name) for name in ENGINES},
            "models": {kind: _model(loaded, kind) for kind in ("asr", "llm")},
        }
    )


def _model(loaded: Loaded, kind: ModelKind) -> dict[str, object]:
    from robot_voice.errors import ModelError
    from robot_voice.models.registry import find_model, model_hash

    name = loaded.config.asr.model if kind == "asr" else loaded.config.llm.model
    try:
        model = find_model(kind, name, loaded.base((kind, "model")))
        return {
            "name": name,
            "path": str(model.path),
            "starter": model.is_starter,
            "bytes": model.size,
            "sha256": model_hash(model.weights),
        }
    except ModelError as error:  # the versions are wanted most when something is wrong
        return {"name": name, "error": str(error)}


def _print_checks(checks: Sequence[Check]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    table = Table("", "what", "found", show_lines=False)
    for check in checks:
        mend = f"\n[bold]Mend:[/bold] {escape(check.mend)}" if check.mend else ""
        status = f"[{styles[check.status]}]{check.status}[/]"
        table.add_row(status, check.name, escape(check.detail) + mend)
    console = Console()
    console.print(table)
    counts = {status: sum(check.status == status for check in checks) for status in styles}
    console.print(f"{counts['ok']} ok, {counts['warn']} warnings, {counts['fail']} failures")
