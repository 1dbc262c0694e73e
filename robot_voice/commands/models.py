"""``robot-voice models``: which models are at hand, and where others go."""

from __future__ import annotations

import typer

from .common import Run, command

app = typer.Typer(no_args_is_help=True, help="See which models are at hand, and where others go.")


@command(app, "json", "verbose", name="list")
def list_models(run: Run) -> None:
    """List the models that can be named in the configuration.

    Speech models are named by asr.model, language models by llm.model:
      robot-voice chat -s llm.model=starter
    """
    from robot_voice.models.registry import available, find_model

    found = [find_model(kind, name, None) for kind in ("asr", "llm") for name in available(kind)]
    if run.json:
        entries = [
            {"kind": model.kind, "name": model.name, "path": str(model.path), "bytes": model.size}
            for model in found
        ]
        run.write_json({"models": entries})
        return
    for model in found:
        typer.echo(f"{model.kind}  {model.name}  {model.size / 1e6:.0f} MB  {model.path}")


@command(app, "verbose")
def path(run: Run) -> None:
    """Show the folder for models of your own.

    A folder with a faster-whisper model, or a GGUF file, that lies there is
    found by its name.
    """
    from robot_voice import paths

    typer.echo(str(paths.user_models()))


@command(app, "verbose")
def pull(run: Run) -> None:
    """Tell how to get the full models.

    This version does not download them.
    """
    from robot_voice import paths
    from robot_voice.errors import ModelError

    raise ModelError(
        "this version does not download models yet. Put a faster-whisper model (a folder with "
        f"model.bin) or a chat model (a GGUF file) into {paths.user_models()} and name it: "
        "--set asr.model=NAME, --set llm.model=NAME"
    )
