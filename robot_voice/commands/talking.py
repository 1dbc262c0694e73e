"""``robot-voice demo``, ``ask``, ``talk``, ``chat`` and ``run``: the robot itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .common import Run, command

FastOption = Annotated[
    bool, typer.Option("--fast", help="Faster than real time; the results are the same.")
]
OutputOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="Where replies and traces are written."),
]


def register(app: typer.Typer) -> None:
    for function in (demo, ask):
        command(app, "config", "overrides", "json", "verbose")(function)
    command(app, "config", "overrides", "verbose")(talk)
    command(app, "config", "overrides", "json", "verbose")(interpret)
    command(app, "config", "overrides", "json", "verbose")(chat)
    command(app, "config", "overrides", "verbose", name="run")(serve)


def demo(
    run: Run,
    fast: FastOption = False,
    output: OutputOption = Path("out"),
) -> None:
    """Watch the robot answer spoken questions in English and Korean. Start here.

    Needs no microphone and no loudspeaker: the questions come with the program.
    Every turn shows what was heard, what is answered and how long each step
    took; the reply is written as a WAV file, with a JSON trace of the turn.

    Examples:
      robot-voice demo
      robot-voice demo --fast --json -c korean-casual
    """
    from robot_voice.demo import run_demo

    run_demo(run.load(), (), fast=fast, as_json=run.json, output=output)


def ask(
    run: Run,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Spoken questions.")],
    fast: FastOption = False,
    output: OutputOption = Path("out"),
) -> None:
    """Ask the robot with recordings instead of a microphone.

    Each file is one thing said to it, all in one conversation.

    Example:
      robot-voice ask hello.wav what-is-your-name.wav
    """
    from robot_voice.demo import run_demo

    run_demo(run.load(), files, fast=fast, as_json=run.json, output=output)


def talk(
    run: Run,
    input_file: Annotated[
        Path | None,
        typer.Option("--input", "-i", metavar="FILE", help="Hear this file, not a microphone."),
    ] = None,
) -> None:
    """Talk with the robot in this terminal: hold a key while you speak.

    Works over ssh too; the microphone is that of the machine it runs on.

    Examples:
      robot-voice talk
      robot-voice talk --input question.wav     (writes the answer to ./out)
    """
    if input_file is not None:
        from robot_voice.demo import run_demo

        run_demo(run.load(), (input_file,))
    else:
        from robot_voice.talk import run_talk

        run_talk(run.load())


def chat(run: Run) -> None:
    """Chat with the robot by typing, without any sound.

    Ctrl-D ends it.

    Examples:
      robot-voice chat
      echo "What can you do?" | robot-voice chat --json
    """
    from robot_voice.chat import run_chat

    run_chat(run.load(), as_json=run.json)


def interpret(
    run: Run,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]", help="Recordings, not a microphone.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="CODE", help="One language: ko, en, ...")
    ] = None,
    target: Annotated[str | None, typer.Option("--to", metavar="CODE", help="The other.")] = None,
    fast: FastOption = False,
    output: OutputOption = Path("out"),
) -> None:
    """Stand between two people: say what one says again in the other's language.

    Both directions, as far as the loaded models translate them; the other one is
    told. Every sentence passes the safety filter. Ctrl-C ends it.

    Examples:
      robot-voice interpret --from ko --to en
      robot-voice interpret --from ko --to en question.wav   (writes to ./out)
    """
    from robot_voice.demo import run_demo
    from robot_voice.talk import run_interpreter

    between = run.load().config.interpret.between
    one, other = source or between[0], target or between[1]
    wanted = ('mode="interpret"', f'interpret.between=["{one}", "{other}"]')
    loaded = replace(run, overrides=(*run.overrides, *wanted)).load()
    if files:
        run_demo(loaded, files, fast=fast, as_json=run.json, output=output)
    else:
        run_interpreter(loaded)


def serve(
    run: Run,
    captions: Annotated[
        bool, typer.Option("--captions", help="Print what people say, as they say it.")
    ] = False,
) -> None:
    """Run the robot's voice as a service, until it is told to end.

    For systemd (see configs/systemd/), or by hand to try it. SIGHUP makes it
    read the configuration again, SIGTERM ends it.

    Example:
      robot-voice run -c korean-formal
    """
    from robot_voice.service.daemon import run_daemon

    if not captions:
        run_daemon(run.load)
        return
    from rich.console import Console

    from robot_voice.view import CaptionLine

    line = CaptionLine(Console())
    try:
        run_daemon(run.load, line)
    finally:
        line.close()
