"""``robot-voice config``: show, validate, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import Run, command

app = typer.Typer(no_args_is_help=True, help="Look at the configuration, check it, learn its keys.")


@command(app, "config", "overrides", "json", "verbose")
def show(run: Run) -> None:
    """Show the configuration in force, and where each value is from.

    The result is a TOML file again.

    Example:
      robot-voice config show -c korean-casual > mine.toml
    """
    from robot_voice.schema import settings, to_toml

    loaded = run.load()
    if not run.json:
        origins = {path: loaded.origin(path) for path in settings()}
        changed = {path: str(o) for path, o in origins.items() if o.kind != "default"}
        typer.echo(to_toml(loaded.config, lambda setting: changed.get(setting.path, "")), nl=False)
        return
    run.write_json(
        {
            "file": loaded.file and str(loaded.file),
            "config": loaded.config.model_dump(mode="json"),
            "origins": {".".join(path): str(origin) for path, origin in loaded.origins.items()},
        }
    )


@command(app, "config", "overrides", "json", "verbose")
def validate(
    run: Run,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="TOML files to check.")
    ] = None,
) -> None:
    """Check configurations; without FILE, the one in force.

    Everything that is wrong is named with its file, line and key, and the exit
    code is 3. Environment variables count only without FILE.

    Example:
      robot-voice config validate ~/my-robot.toml
    """
    from robot_voice.errors import ConfigError
    from robot_voice.settings import load_config

    if not files:
        loaded = run.load()
        checked = [str(loaded.file or "built-in defaults")]
    else:
        checked, wrong = [str(file) for file in files], []
        for file in files:
            try:
                load_config(file, run.overrides, {})
            except ConfigError as error:
                wrong.append(str(error))
        if wrong:
            raise ConfigError("\n".join(wrong))
    if run.json:
        run.write_json({"valid": checked})
    else:
        typer.echo("\n".join(f"{name}: valid" for name in checked))


@command(app, "json", "verbose")
def schema(
    run: Run,
    toml: Annotated[
        bool, typer.Option("--toml", help="As a TOML file of all defaults, with comments.")
    ] = False,
) -> None:
    """List every key, what it takes, its default and what it means.

    With --json: the JSON schema, for editors and other programs.
    """
    from robot_voice.schema import default_toml, json_schema, settings, toml_value

    if run.json:
        run.write_json(json_schema())
    elif toml:
        typer.echo(default_toml(), nl=False)
    else:
        for setting in settings().values():
            default = "unset" if setting.default is None else toml_value(setting.default)
            typer.secho(setting.key, bold=True, nl=False)
            typer.echo(f" = {default}    takes {setting.expected}")
            typer.echo("".join(f"    {line}\n" for line in setting.help.splitlines()))
