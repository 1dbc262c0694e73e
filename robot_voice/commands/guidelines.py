"""``robot-voice guidelines``: the rules the robot speaks by."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import Run, command


def register(app: typer.Typer) -> None:
    command(app, "json", "verbose")(guidelines)


def guidelines(
    run: Run,
    language: Annotated[
        str | None,
        typer.Option("--language", "-l", metavar="en|ko", help="Only this one; unset: both."),
    ] = None,
) -> None:
    """Print the ten rules the robot speaks by.

    They are part of what the language model is told, and what its sentences are judged by. With
    --json each comes with the filter's functions, categories and tests that enforce it.

    Example:
      robot-voice guidelines --language ko
    """
    from dataclasses import asdict

    from robot_voice.safety.guidelines import LANGUAGES, load

    if language is not None and language not in LANGUAGES:
        raise typer.BadParameter(
            f"the guidelines are written in {' and '.join(LANGUAGES)}, not in {language!r}",
            param_hint="--language",
        )
    languages = LANGUAGES if language is None else (language,)
    if run.json:
        left_out = set(LANGUAGES) - set(languages)
        tables = [
            {key: value for key, value in asdict(rule).items() if key not in left_out}
            for rule in load()
        ]
        run.write_json(tables)
        return
    for number, rule in enumerate(load(), start=1):
        for place, code in enumerate(languages):
            typer.echo(f"{f'{number}.' if place == 0 else '':4}{rule.text(code)}")
