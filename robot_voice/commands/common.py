"""What every command has: the shared options, loading the configuration, writing results."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from robot_voice.settings import Loaded

Shared: TypeAlias = Literal["config", "overrides", "json", "verbose"]
Command = TypeVar("Command", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Run:
    """What the shared options say."""

    config: str | None = None
    overrides: Sequence[str] = ()
    json: bool = False
    verbose: bool = False

    def load(self) -> Loaded:
        """The configuration, read anew. Raises ``ConfigError``."""
        from robot_voice.settings import load_config

        louder = ("log.level=debug",) if self.verbose else ()
        loaded = load_config(self.config, (*self.overrides, *louder), os.environ)
        if self.verbose:
            from robot_voice.service.logs import setup_logging

            setup_logging(loaded.config.log)
        return loaded

    def write_json(self, value: object) -> None:
        """One JSON value on standard output."""
        import json

        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _complete_config(incomplete: str) -> list[str]:
    from robot_voice.settings import configurations

    return [name for name in configurations() if name.startswith(incomplete)]


def _complete_set(incomplete: str) -> list[str]:
    from robot_voice.schema import settings

    keys = [f"{setting.key}=" for setting in settings().values()]
    return [key for key in keys if key.startswith(incomplete)]


_SHARED: dict[Shared, tuple[object, object]] = {
    "config": (
        None,
        Annotated[
            str | None,
            typer.Option(
                "--config",
                "-c",
                metavar="FILE|NAME",
                envvar="ROBOT_VOICE_CONFIG",
                autocompletion=_complete_config,
                help="Configuration: a .toml file, or a name such as korean-casual.",
            ),
        ],
    ),
    "overrides": (
        None,
        Annotated[
            list[str] | None,
            typer.Option(
                "--set",
                "-s",
                metavar="KEY=VALUE",
                autocompletion=_complete_set,
                help="Set one key, such as tone.warmth=0.9; may be given again.",
            ),
        ],
    ),
    "json": (
        False,
        Annotated[bool, typer.Option("--json", help="Write JSON, for a program to read.")],
    ),
    "verbose": (
        False,
        Annotated[
            bool,
            typer.Option("--verbose", "-v", help="Log details; show where errors come from."),
        ],
    ),
}
"""Default and annotation of each shared option."""


def command(
    app: typer.Typer, *shared: Shared, name: str | None = None
) -> Callable[[Command], Command]:
    """Make a function a command of ``app``, with the shared options it asks for.

    typer reads options off a signature; so that a dozen commands need not repeat these, they are
    added to the signature here and arrive as the function's first argument, a ``Run``.
    """

    def register(function: Command) -> Command:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [parameter.replace(kind=keyword) for parameter in own]
        for option in shared:
            default, annotation = _SHARED[option]
            parameters.append(
                inspect.Parameter(option, keyword, default=default, annotation=annotation)
            )

        def call(**given: Any) -> None:
            common = {option: given.pop(option) for option in shared}
            function(Run(**{key: value for key, value in common.items() if value}), **given)

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {item.name: item.annotation for item in parameters}
        app.command(name)(call)
        return function

    return register
