"""``robot-voice models pull``, and what it shares with the commands that also take a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Run, command

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID

    from robot_voice.models.lock import Kind
    from robot_voice.models.manifest import Manifest
    from robot_voice.models.pull import Plan, Pulled
    from robot_voice.models.store import Store


def register(app: typer.Typer) -> None:
    command(app, "json", "verbose")(pull)


def pull(
    run: Run,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Models, from `models list`.")
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="Models for a class of machines, and use them.")
    ] = "",
    use: Annotated[bool, typer.Option("--use", help="Let the robot use them from now on.")] = False,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licences without being asked.")
    ] = False,
    mirror: Annotated[
        str, typer.Option("--mirror", metavar="URL", help="Another hub; your token stays here.")
    ] = "",
) -> None:
    """Fetch models from the hub, checked byte for byte.

    A pull that was cut short goes on where it stopped when it is given again.
    Models of a profile are used at once; others with --use, or by name.

    Examples:
      robot-voice models pull --profile laptop
      robot-voice models pull whisper-small --use
      robot-voice models pull whisper-small --mirror https://hub.example.org
    """
    from robot_voice.models import pull as pulls
    from robot_voice.models.hub import Hub
    from robot_voice.models.manifest import load_manifest
    from robot_voice.models.store import Store

    manifest, store = load_manifest(), Store()
    wanted = _wanted(manifest, names or (), profile)
    with Progress(run) as progress:
        hub = Hub(mirror, say=progress.say)
        plans = [pulls.plan(name, manifest, store, hub, progress.report) for name in wanted]
    new = [plan for plan in plans if plan.files]
    store.require_space(sum(plan.size for plan in new) if len(new) > 1 else 0)
    accepted = _licences(new, manifest, store, accept_licence, run)
    with Progress(run) as progress:
        hub = Hub(mirror, say=progress.say)
        done = [
            pulls.fetch(plan, store, hub, progress.report, accepted=plan.entry.licence in accepted)
            for plan in plans
        ]
    kinds = {plan.name: plan.entry.kind for plan in plans}
    if profile or use:
        choose(store, kinds)
    _tell_what_came(run, done, store, kinds)


def _tell_what_came(
    run: Run, done: Sequence[Pulled], store: Store, kinds: Mapping[str, Kind]
) -> None:
    if run.json:
        entries = [
            {"name": one.name, "path": str(one.path), "fetched": one.fetched} for one in done
        ]
        run.write_json({"models": entries, "in_use": store.chosen()})
        return
    for one in done:
        typer.echo(f"{one.name}: {'fetched and checked' if one.fetched else 'there already'}")
    tell_how_to_use(store, kinds)


def choose(store: Store, kinds: Mapping[str, Kind]) -> None:
    """Let ``auto`` mean these models, of the kinds that there are engines for; of several of one
    kind the last."""
    from robot_voice.models.manifest import USED

    store.choose({kind: name for name, kind in kinds.items() if kind in USED})


def tell_how_to_use(store: Store, kinds: Mapping[str, Kind]) -> None:
    """After models have come: which are in use, and what to write for the others."""
    from robot_voice.models.manifest import USED

    chosen = store.chosen()
    for name, kind in kinds.items():
        if kind not in USED:
            typer.echo(f"{name} is kept; this version has no use for it yet.")
        elif chosen.get(kind) == name:
            typer.echo(f'{name} is in use from the next start: {kind}.model = "auto" means it.')
        else:
            typer.echo(f'To use {name}: [{kind}] model = "{name}", or pull it with --use.')


_WORTH_A_LINE = 10_000_000
"""Bytes of a file that takes long enough to be told of where there are no bars."""


class Progress:
    """Shows how far a download, a copy or a check is: bars on a terminal, else a line for each
    file. On standard error, and nothing with ``--json``."""

    def __init__(self, run: Run) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as Bars

        self._console = Console(stderr=True, quiet=run.json)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal or run.json,
        )
        self._file = ""
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
        if kind is KeyboardInterrupt:
            self.say("interrupted; the same command goes on from here")

    def report(self, file: str, done: int, total: int) -> None:
        """``done`` of ``total`` bytes of a file."""
        if file != self._file:
            self._file = file
            self._task = self._bars.add_task(file, total=total)
            if not self._console.is_terminal and total > _WORTH_A_LINE:
                self.say(f"{file}, {total / 1e6:,.1f} MB")
        if self._task is not None:
            self._bars.update(self._task, completed=done)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _wanted(manifest: Manifest, names: Sequence[str], profile: str) -> list[str]:
    from robot_voice.models.manifest import Machine, suggest

    if not names and not profile:
        suits = suggest(manifest, Machine.here())
        hint = f"For this machine: --profile {suits}." if suits else "`models list` shows them all."
        raise typer.BadParameter(f"name a model, or a profile. {hint}")
    wanted = [*names, *(manifest.profile(profile).models if profile else ())]
    return list(dict.fromkeys(wanted))


def _licences(
    plans: Sequence[Plan], manifest: Manifest, store: Store, accept: bool, run: Run
) -> set[str]:
    """Show the licences, and have those accepted that must be, once. Returns the accepted ones."""
    from robot_voice.errors import ModelError
    from robot_voice.models.manifest import Machine

    accepted, machine = store.accepted(), Machine.here()
    for plan in plans:
        licence = manifest.licences[plan.entry.licence]
        if not run.json:
            text = f"{plan.name}: {plan.size / 1e6:,.0f} MB from {plan.entry.repository}"
            typer.echo(f"{text}\n    {licence.title}, {licence.url}", err=True)
        if not run.json and plan.entry.ram_mb > machine.ram_mb:
            typer.echo("    needs more memory than this machine has", err=True)
        if not licence.accept or plan.entry.licence in accepted:
            continue
        if not accept:
            question = f"Have you read it, and do you accept the {licence.title}?"
            if run.json or not typer.get_text_stream("stdin").isatty():
                raise ModelError(
                    f"{plan.name} comes under the {licence.title} ({licence.url}). Read it; if you "
                    "accept it, give --accept-licence."
                )
            if not typer.confirm(question, err=True):
                raise typer.Abort
        accepted.add(plan.entry.licence)
    return accepted
