"""``robot-voice models``: what there is, and whether it is whole; bringing in and removing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import convert, pulling
from .common import Run, command

if TYPE_CHECKING:
    from robot_voice.models.manifest import Manifest
    from robot_voice.models.store import Store

app = typer.Typer(
    no_args_is_help=True, help="See, fetch, check, bring in and remove the models the robot uses."
)


@command(app, "json", "verbose", name="list")
def list_models(run: Run) -> None:
    """List the models at hand, and those that can be pulled.

    Speech models are named by asr.model, language models by llm.model:
      robot-voice chat -s llm.model=starter
    """
    from robot_voice.models.manifest import Machine, load_manifest, suggest
    from robot_voice.models.store import Store

    manifest, machine = load_manifest(), Machine.here()
    here, there = _at_hand(Store()), _on_the_hub(manifest, machine.ram_mb)
    for entry in there:
        entry["at_hand"] = any(model["name"] == entry["name"] for model in here)
    if run.json:
        profile = suggest(manifest, machine)
        run.write_json({"models": here, "manifest": there, "profile": profile})
    else:
        _print_models(here, there)


@command(app, "verbose")
def path(run: Run) -> None:
    """Show the folder for models of your own.

    A folder with a faster-whisper model, or a GGUF file, that lies there is
    found by its name. Copied to a USB stick, it can be imported elsewhere.
    """
    from robot_voice import paths

    typer.echo(str(paths.user_models()))


@command(app, "json", "verbose")
def verify(
    run: Run,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Models; without, all of them.")
    ] = None,
) -> None:
    """Read models through and compare them with what they were when they came.

    The exit code is 4 if one is damaged. Models put into the folder by hand
    have nothing to be compared with.

    Example:
      robot-voice models verify whisper-small
    """
    from dataclasses import asdict

    from robot_voice.models import verify as verification
    from robot_voice.models.store import Store

    with pulling.Progress(run) as progress:
        found = list(verification.verify(names or (), Store(), progress.report))
    if run.json:
        run.write_json({"models": [asdict(finding) for finding in found]})
    else:
        for finding in found:
            typer.echo(f"{finding.name}: {finding.status}")
            for problem in finding.problems:
                typer.echo(f"    {problem}")
            if finding.mend:
                typer.echo(f"    Mend: {finding.mend}")
    if any(finding.status == "damaged" for finding in found):
        raise typer.Exit(4)


@command(app, "json", "verbose", name="import")
def import_models(
    run: Run,
    source: Annotated[Path, typer.Argument(metavar="FOLDER|FILE", help="Where they are.")],
    name: Annotated[str, typer.Option("--name", help="What to call it.")] = "",
    use: Annotated[bool, typer.Option("--use", help="Let the robot use it from now on.")] = False,
) -> None:
    """Bring in models from a folder or a USB stick, for robots without internet.

    Takes a folder with a faster-whisper model, a GGUF file, or the whole
    models folder of another robot (see `models path`), which is checked.

    Example:
      robot-voice models import /media/usb/models
    """
    from robot_voice.models.importing import bring_in, recognise
    from robot_voice.models.store import Store

    store, found = Store(), recognise(source, name)
    with pulling.Progress(run) as progress:
        done = [bring_in(one, store, progress.report) for one in found]
    kinds = {one.name: one.kind for one in found}
    if use:
        pulling.choose(store, kinds)
    if run.json:
        entries = [
            {
                "name": one.name,
                "kind": kinds[one.name],
                "path": str(one.path),
                "checked": one.checked,
            }
            for one in done
        ]
        run.write_json({"models": entries, "in_use": store.chosen()})
        return
    for one in done:
        how = (
            "checked against its lock" if one.checked else "as it is; its licence is yours to know"
        )
        typer.echo(f"{one.name}: {one.path} ({how})")
    pulling.tell_how_to_use(store, kinds)


@command(app, "json", "verbose")
def remove(
    run: Run,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Models at hand.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete models, and what was fetched of them so far.

    The starter models stay: they belong to the program.
    """
    from robot_voice.errors import ModelError
    from robot_voice.models.store import Store

    if "starter" in names:
        raise ModelError("the starter models belong to the program and stay.")
    if not yes and not typer.confirm(f"Delete {', '.join(names)}?", err=True):
        raise typer.Abort
    store = Store()
    freed = {name: store.remove(name) for name in names}
    if run.json:
        run.write_json({"removed": [{"name": name, "bytes": size} for name, size in freed.items()]})
        return
    for name, size in freed.items():
        typer.echo(f"{name}: removed, {size / 1e6:,.0f} MB free again")


def _at_hand(store: Store) -> list[dict[str, Any]]:
    """Every model on this machine, damaged ones too."""
    from robot_voice.errors import ModelError
    from robot_voice.models.registry import AUTO, ModelKind, available, find_model

    found: list[dict[str, Any]] = []
    kinds: tuple[ModelKind, ...] = ("asr", "llm")
    locks = store.locks()
    for kind in kinds:
        in_use = find_model(kind, AUTO, None).name
        for name in available(kind):
            entry: dict[str, Any] = {"kind": kind, "name": name, "auto": name == in_use}
            try:
                model = find_model(kind, name, None)
                found.append({**entry, "path": str(model.path), "bytes": model.size})
            except ModelError as error:
                found.append({**entry, "error": str(error)})
    for name, lock in locks.items():
        if lock.kind not in kinds:
            where = str(store.folder(name))
            entry = {"kind": lock.kind, "name": name, "auto": False}
            found.append({**entry, "path": where, "bytes": lock.size})
    for entry in found:
        one = locks.get(entry["name"])
        entry |= {"source": one.source if one else None, "licence": one.licence if one else None}
    return found


def _on_the_hub(manifest: Manifest, ram_mb: int) -> list[dict[str, Any]]:
    from robot_voice.models.manifest import USED

    return [
        {
            "name": name,
            **entry.model_dump(mode="json"),
            "licence_title": manifest.licences[entry.licence].title,
            "profiles": manifest.profiles_of(name),
            "fits": entry.ram_mb < ram_mb,
            "used": entry.kind in USED,
        }
        for name, entry in manifest.models.items()
    ]


_KINDS = {
    "asr": "for hearing (asr.model)",
    "llm": "for answering (llm.model)",
    "tts": "voices",
    "embedding": "for remembering",
    "turn": "for telling when a speaker has finished",
    "guard": "for judging what is said",
}


def _print_models(here: list[dict[str, Any]], there: list[dict[str, Any]]) -> None:
    """Two lines for a model on the hub, so that they fit a terminal of 80 columns."""
    import shutil
    import textwrap

    typer.echo("At hand:")
    for model in here:
        size = f"{model['bytes'] / 1e6:7,.0f} MB" if "bytes" in model else "   DAMAGED"
        mark = "*" if model["auto"] else " "
        typer.echo(f"{mark} {model['kind']:4} {model['name']:22}{size}  {model.get('path', '')}")
    typer.echo('  (* is what "auto" means)\n\nTo pull:')
    width = shutil.get_terminal_size().columns
    for kind, purpose in _KINDS.items():
        entries = [entry for entry in there if entry["kind"] == kind]
        kept = "" if all(entry["used"] for entry in entries) else ": kept for later, not used yet"
        typer.echo(f"  {purpose}{kept}")
        for entry in entries:
            mark = "✓" if entry["at_hand"] else " "
            ram = f"RAM {entry['ram_mb']:5,} MB" + ("" if entry["fits"] else ", too much here")
            profiles = ", ".join(entry["profiles"])
            line = f"{mark} {entry['name']:22}{entry['disk_mb']:7,} MB  {ram}  {profiles}"
            typer.echo(line.rstrip())
            languages = "Many languages" if "*" in entry["languages"] else ""
            languages = languages or f"Languages: {' '.join(entry['languages'])}"
            text = f"{languages}. {entry['licence_title']}. {entry['notes']}"
            typer.echo(
                textwrap.fill(text, width, initial_indent=" " * 8, subsequent_indent=" " * 8)
            )


pulling.register(app)
convert.register(app)
