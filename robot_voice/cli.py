"""The command line: ``robot-voice COMMAND ...``, and what its exit codes mean.

Only this module turns errors into messages and exit codes. Engines are imported when a command
needs them, never here: ``--help`` is instant.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from . import __version__, errors
from .commands import (
    configuration,
    control,
    guidelines,
    inspection,
    memory,
    models,
    reply,
    reports,
    screening,
    speech,
    talking,
    tune,
)

EXIT_CODES: dict[type[Exception], int] = {
    errors.ConfigError: 3,
    errors.ModelError: 4,
    errors.AudioError: 5,
    errors.EngineError: 6,
}
USAGE, INTERRUPTED = 2, 130

_EPILOG = """Configuration, from the weakest to the strongest: the defaults; one file
(--config, else config.toml in your own configuration folder); variables
such as ROBOT_VOICE__ASR__MODEL; --set. `robot-voice config schema` lists
all keys, `robot-voice config show` what is in force.

Exit codes:
  0   all went well
  1   something unexpected, or doctor found failures
  2   wrong usage
  3   the configuration cannot be used
  4   a model is missing or damaged
  5   no such sound device or audio file, or it failed
  6   an engine failed, or a question got no answer
  130 interrupted"""

app = typer.Typer(
    name="robot-voice",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"robot-voice {__version__}")
        raise typer.Exit


@app.callback()
def _about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """A robot's voice: it listens, thinks and answers, on this machine alone.

    New here? Try these, in this order:
      robot-voice doctor    is everything there?
      robot-voice demo      watch it answer spoken questions; needs no microphone
      robot-voice talk      talk with it
    """


talking.register(app)
reply.register(app)
speech.register(app)
screening.register(app)
guidelines.register(app)
inspection.register(app)
tune.register(app)
app.add_typer(configuration.app, name="config")
app.add_typer(models.app, name="models")
app.add_typer(control.app, name="control")
app.add_typer(reports.app, name="report")
app.add_typer(memory.app, name="memory")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Messages about failures go to standard error;
    with ``--json`` they are an object on standard output."""
    from typer.main import get_command

    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # Text the terminal has no letters for is shown as ?, which beats not being shown.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        # Not "standalone", where typer would print errors and exit by itself.
        code = get_command(app).main(given, prog_name="robot-voice", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _fail("UsageError", error, USAGE, given)
    except errors.VoiceError as error:
        kinds = [kind for kind in type(error).__mro__ if kind in EXIT_CODES]
        return _fail(type(error).__name__, error, EXIT_CODES[kinds[0]], given)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the reader, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0


def _fail(kind: str, error: Exception, code: int, given: Sequence[str]) -> int:
    """Tell of the error as the caller asked for. Looks at the arguments themselves, because an
    error in them leaves nothing else to look at."""
    options = given[: given.index("--")] if "--" in given else given
    if {"--verbose", "-v"} & set(options) or os.environ.get("ROBOT_VOICE_DEBUG"):
        traceback.print_exception(error)
    message = error.format_message() if isinstance(error, typer.TyperException) else str(error)
    if "--json" in options:
        typer.echo(json.dumps({"error": {"kind": kind, "message": message}}, ensure_ascii=False))
    elif message:  # without arguments the help is all, and has been shown
        typer.echo(f"robot-voice: {message}", err=True)
    return code
