"""``robot-voice tune``: measures this machine with the configured language model."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import Run, command

if TYPE_CHECKING:
    from robot_voice.llm.tuning import Measured

SECONDS = 100.0
"""What a tuning takes at the most, about; a machine that is quick needs less."""


def register(app: typer.Typer) -> None:
    command(app, "config", "overrides", "json", "verbose")(tune)


def tune(
    run: Run,
    write: Annotated[
        bool,
        typer.Option("--write", help="Put what was found into your own configuration."),
    ] = False,
    seconds: Annotated[
        float,
        typer.Option("--seconds", min=1, max=3600, help="How long it may take, about."),
    ] = SECONDS,
) -> None:
    """Find the fastest settings of the language model on this machine.

    Measures the configured model with different threads, with and without repacked
    weights and flash attention, and with longer and shorter batches, in less than
    two minutes. Nothing else should be busy meanwhile. Shows what was measured, and
    the settings as lines of a configuration; --write puts them into the file that
    --config names, else into your own config.toml, and leaves the rest of it alone.
    They are good for this model: tune again after choosing another.

    Examples:
      robot-voice tune
      robot-voice tune -s llm.model=llama-2-7b-chat.Q4_K_M --write
    """
    from robot_voice.build import threads_for
    from robot_voice.llm import tuning
    from robot_voice.models.registry import find_model

    loaded, target = run.load(), _target(run) if write else None
    config = loaded.config
    model = find_model("llm", config.llm.model, loaded.base(("llm", "model")))
    threads = threads_for(config, config.llm.threads)
    rows: list[Measured] = []

    def tell(row: Measured) -> None:
        rows.append(row)
        if not run.json:
            _print_row(row, first=len(rows) == 1)

    best = tuning.tune(model.path, config.llm, threads, seconds, tell)
    found = best.settings.to_dict()
    if not run.json:
        _print_result(found, unchanged=best.settings == rows[0].settings)
    if target is not None:
        write_settings(target, "llm", found)
    if run.json:
        measured, written = [_to_json(row) for row in rows], target and str(target)
        run.write_json(
            {"model": str(model.path), "measured": measured, "llm": found, "written": written}
        )
    else:
        again = "`robot-voice tune --write` measures again and keeps what it finds."
        typer.echo(f"\n{f'Written to {target}.' if target else again}")


def write_settings(file: Path, section: str, values: Mapping[str, Any]) -> None:
    """Set keys of one section of a TOML file; what else is in it stays as it is.

    A file that is not there is made. Raises ``ConfigError`` when the file is written in a way that
    leaves no place for the keys, or cannot be written.
    """
    from robot_voice.errors import ConfigError

    try:
        text = file.read_text("utf-8") if file.exists() else ""
        result = merged(text, section, values)
        file.parent.mkdir(parents=True, exist_ok=True)
        place = file.resolve()  # a link stays one
        handle, partial = tempfile.mkstemp(dir=place.parent, suffix=".partial")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(result)
            os.chmod(partial, place.stat().st_mode & 0o777 if place.exists() else 0o644)
            os.replace(partial, place)
        finally:
            Path(partial).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}.") from None


def merged(text: str, section: str, values: Mapping[str, Any]) -> str:
    """A TOML text with these keys set in ``[section]``. Raises ``ConfigError``."""
    from robot_voice.errors import ConfigError
    from robot_voice.settings import key_lines

    lines = text.splitlines()
    places = key_lines(text)
    missing = []
    for key, value in values.items():
        at = places.get((section, key), 0) - 1
        present = at >= 0 and re.match(rf"(\s*{key}\s*=\s*)[^#\s]+(\s*(#.*)?)$", lines[at])
        if present:
            lines[at] = f"{present[1]}{_toml(value)}{present[2]}"
        elif at < 0:
            missing.append(f"{key} = {_toml(value)}")
    heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\s*{section}\s*\]", line)]
    if missing and heads:
        lines[heads[0] + 1 : heads[0] + 1] = missing
    elif missing:
        lines += ["", f"[{section}]", *missing] if lines else [f"[{section}]", *missing]
    result = "\n".join(lines) + "\n"
    if not _holds(result, section, values):
        wanted = "\n".join(f"    {key} = {_toml(value)}" for key, value in values.items())
        raise ConfigError(
            f"the configuration sets {section} in a way that leaves no place for more; write these"
            f" lines into it yourself:\n{wanted}"
        )
    return result


def _holds(text: str, section: str, values: Mapping[str, Any]) -> bool:
    try:
        found = tomllib.loads(text).get(section, {})
    except tomllib.TOMLDecodeError:
        return False
    return all(found.get(key) == value for key, value in values.items())


def _toml(value: Any) -> str:
    from robot_voice.schema import toml_value

    return toml_value(value)


def _target(run: Run) -> Path:
    """The owner's file that settings are written into. Raises ``ConfigError`` for a shipped one."""
    from robot_voice import paths
    from robot_voice.errors import ConfigError

    if run.config is None:
        return paths.user_config() / "config.toml"
    file = run.load().file
    if file is None or paths.configs().resolve() in file.resolve().parents:
        raise ConfigError(
            f"{run.config} came with the program and is not written to: leave --config out, or name"
            " a file of your own."
        )
    return file


_COLUMNS = "{:>7}  {:>6}  {:>5}  {:>5}  {:>12}  {:>11}  {:>11}  {:>14}"


def _print_row(row: Measured, first: bool) -> None:
    if first:
        typer.echo(
            _COLUMNS.format(
                *("threads", "repack", "flash", "batch", "read tok/s", "say tok/s"),
                *("interrupted", "first sentence"),
            )
        )
    settings = row.settings
    typer.echo(
        _COLUMNS.format(
            settings.threads,
            _toml(settings.repack),
            _toml(settings.flash_attention),
            settings.batch_tokens,
            f"{row.prefill:.0f}",
            f"{row.decode:.1f}",
            f"{1000 * row.abort:.0f} ms",
            f"{row.turn:.2f} s",
        )
    )


def _print_result(found: Mapping[str, Any], unchanged: bool) -> None:
    what = "Nothing is surely faster than what is set:" if unchanged else "Fastest:"
    typer.echo(f"\n{what}\n\n[llm]")
    for key, value in found.items():
        typer.echo(f"{key} = {_toml(value)}")


def _to_json(row: Measured) -> dict[str, Any]:
    return {
        **row.settings.to_dict(),
        "prefill_tokens_per_second": round(row.prefill, 1),
        "decode_tokens_per_second": round(row.decode, 2),
        "abort_ms": round(1000 * row.abort, 1),
        "first_sentence_seconds": round(row.turn, 3),
    }
