"""``robot-voice memory``: what the robot was asked to remember, for people to read and delete."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Run, command

if TYPE_CHECKING:
    from robot_voice.memory.store import MemoryStore

app = typer.Typer(
    no_args_is_help=True,
    help="Read, export and delete what the robot was asked to remember.",
)

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""


@command(app, "json", "verbose", name="list")
def list_memories(run: Run) -> None:
    """List what is remembered, oldest first.

    Nothing is unless memory.enabled = true and somebody says "remember
    that ...".
    """
    from dataclasses import asdict

    notes = _store().notes()
    if run.json:
        run.write_json({"memories": [asdict(note) for note in notes]})
        return
    if not notes:
        typer.echo("Nothing is remembered.")
    for note in notes:
        at = datetime.fromtimestamp(note.at, UTC).isoformat(" ", "minutes")
        typer.echo(f"{note.id:>4}  {at[:16]}  {note.language}  {note.kind:7}  {note.text}")


@command(app, "json", "verbose")
def export(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="A new file.")],
) -> None:
    """Write all that is remembered to a file of JSON.

    Only you can read the file. One that exists is not written over, and no
    "forget everything" reaches it.
    """
    try:
        _store().export(file)
    except FileExistsError as error:
        raise typer.BadParameter(
            f"{file} exists and is not written over; name a new file", param_hint="FILE"
        ) from error
    if run.json:
        run.write_json({"file": str(file)})
    else:
        typer.echo(f"Written: {file}")


@command(app, "json", "verbose")
def forget(
    run: Run,
    number: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="Its number in the list.")
    ],
) -> None:
    """Delete one memory, for good.

    A robot that runs has forgotten it at once.
    """
    deleted = _store().forget([number])
    if not deleted:
        raise typer.BadParameter(
            f"there is no memory {number}; `robot-voice memory list` shows which there are",
            param_hint="ID",
        )
    if run.json:
        run.write_json({"deleted": deleted})
    else:
        typer.echo(f"Memory {number} is deleted.")


@command(app, "json", "verbose", name="forget-all")
def forget_all(
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete everything that is remembered, for good, also from a damaged file.

    So are what people said in reports (what hurt them stays unsaid), saved
    conversations, and reminders. A robot that runs still has its timers and
    the conversation that is under way, and may sum that up: it forgets them
    when it is told "forget everything about me", or restarted.
    """
    from robot_voice.memory.elsewhere import forget_elsewhere

    if not yes:
        typer.confirm("Delete everything that is remembered?", abort=True)
    try:
        deleted = _store().forget_all()
    finally:
        forget_elsewhere()
    if run.json:
        run.write_json({"deleted": deleted})
    else:
        typer.echo(f"{deleted} memories deleted.")


@command(app, "json", "verbose")
def retain(
    run: Run,
    days: Annotated[int, typer.Argument(metavar="DAYS", min=1, max=36_500, help="At most.")],
) -> None:
    """Keep memories for so many days and no longer, from now on.

    What is older is deleted now. memory.retention_days may say less still.
    """
    deleted = _store().retain(days)
    if run.json:
        run.write_json({"days": days, "deleted": deleted})
    else:
        typer.echo(f"Memories are kept for {days} days; {deleted} were older.")


def _store() -> MemoryStore:
    from robot_voice.memory.store import MemoryStore, memory_path

    # Nothing here is searched for: which embedder made the vectors does not matter.
    return MemoryStore(memory_path())
