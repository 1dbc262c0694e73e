"""``robot-voice report``: what hurt somebody, for the robot's owner to read and deal with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .common import Run, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from robot_voice.reports import Filed, ReportStore

app = typer.Typer(
    no_args_is_help=True,
    help="Read, export, resolve and delete the reports of sentences that hurt somebody.",
)

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

Number: TypeAlias = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="The report's number in the list.")
]


@command(app, "json", "verbose", name="list")
def list_reports(
    run: Run,
    all_: Annotated[bool, typer.Option("--all", help="The resolved ones as well.")] = False,
) -> None:
    """List the reports that are open, oldest first.

    A report is filed when somebody tells the robot that what it said hurt.
    Its words are kept only with reports.keep_text = true.
    """
    from dataclasses import asdict

    store = _store()
    found = store.reports(resolved=all_) if store else []
    if run.json:
        run.write_json({"reports": [asdict(report) for report in found]})
        return
    if not found:
        typer.echo("There are no reports." if all_ else "There are no open reports.")
    for report in found:
        state = "resolved" if report.resolved else "open"
        about = report.category or "nothing found"
        said = "(words not kept)" if report.said is None else report.said
        typer.echo(f"{report.id:>4}  {report.at}  {report.language}  {state:8}  {about}: {said}")


@command(app, "json", "verbose")
def show(run: Run, number: Number) -> None:
    """Show all there is about one report."""
    from dataclasses import asdict

    store = _store()
    report = store.get(number) if store else None
    if report is None:
        raise _none(number)
    if run.json:
        run.write_json(asdict(report))
        return
    for name, value in asdict(report).items():
        typer.echo(f"{name}: {_readable(value)}")


@command(app, "json", "verbose")
def export(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="A new file.")],
) -> None:
    """Write all reports to a file, one JSON object a line.

    Only you can read the file. One that exists is not written over.
    """
    store = _store()
    found = store.reports(resolved=True) if store else []
    _write(file, found)
    if run.json:
        run.write_json({"exported": len(found), "file": str(file)})
    else:
        typer.echo(f"{len(found)} reports written: {file}")


@command(app, "json", "verbose")
def resolve(
    run: Run,
    number: Number,
    note: Annotated[str, typer.Option("--note", help="What was done about it.")] = "",
) -> None:
    """Mark a report as dealt with. Its sentence is still never said again.

    Example:
      robot-voice report resolve 3 --note "talked with her"
    """
    store = _store()
    if store is None or not store.resolve(number, note):
        raise _none(number)
    if run.json:
        run.write_json({"resolved": number})
    else:
        typer.echo(f"Report {number} is resolved.")


@command(app, "json", "verbose")
def delete(
    run: Run,
    number: Annotated[
        int | None, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="The report's number.")
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every report, and what a damaged file left.")
    ] = False,
) -> None:
    """Delete a report, or all. Its sentence may then be said again.

    A robot that runs learns of it when it starts the next time. Works on a
    report as well that is gone for its age and has left its sentence
    suppressed.
    """
    if (number is None) == (not all_):
        raise typer.BadParameter("name one report, or give --all", param_hint="ID")
    store = _store()
    if number is None:
        deleted = store.delete_all() if store else 0
    elif store is None or not store.delete(number):
        raise _none(number)
    else:
        deleted = 1
    if run.json:
        run.write_json({"deleted": deleted})
    else:
        typer.echo(f"{deleted} reports deleted." if all_ else f"Report {number} is deleted.")


def _store() -> ReportStore | None:
    """None: nothing was ever filed, and looking is no reason to begin a file."""
    from robot_voice.reports import ReportStore, reports_path

    path = reports_path()
    # How long reports stay is the running robot's to say: its configuration need not be ours.
    return ReportStore(path) if path.exists() else None


def _none(number: int) -> typer.BadParameter:
    return typer.BadParameter(
        f"there is no report {number}; `robot-voice report list --all` shows which there are",
        param_hint="ID",
    )


def _readable(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {score:.3f}" for name, score in value.items()) or "-"
    return "-" if value in (None, "") else str(value)


def _write(path: Path, reports: Sequence[Filed]) -> None:
    """A new file for its owner alone: whole, or none."""
    import json
    import os
    from dataclasses import asdict

    lines = [json.dumps(asdict(report), ensure_ascii=False) + "\n" for report in reports]
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise typer.BadParameter(
            f"{path} exists and is not written over; name a new file", param_hint="FILE"
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> typer.BadParameter:
    reason = error.strerror or error
    return typer.BadParameter(f"{path} cannot be written: {reason}", param_hint="FILE")
