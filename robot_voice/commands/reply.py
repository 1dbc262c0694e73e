"""``robot-voice reply``: what a person could answer to a message."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Run, command

if TYPE_CHECKING:
    from robot_voice.settings import Loaded
    from robot_voice.stages import Mind


def register(app: typer.Typer) -> None:
    command(app, "config", "overrides", "json", "verbose")(reply)


def reply(
    run: Run,
    suggest: Annotated[
        str, typer.Option("--suggest", metavar="TEXT", help="The message to be answered.")
    ],
    language: Annotated[
        str | None,
        typer.Option("--language", "-l", metavar="CODE", help="Of the answers: en, ko, ..."),
    ] = None,
) -> None:
    """Suggest three short answers to a message.

    The language model on board writes them, and each passes the safety filter.
    Where it has fewer than three, what always fits is added.

    Examples:
      robot-voice reply --suggest "Shall we have lunch on Friday?"
      robot-voice reply --suggest "내일 시간 있어?" --json
    """
    if not suggest.strip():
        raise typer.BadParameter("the message is empty", param_hint="--suggest")
    loaded = run.load()
    found = asyncio.run(_suggested(loaded, " ".join(suggest.split()), language))
    if run.json:
        run.write_json({"text": suggest, "suggestions": found})
        return
    for line in found:
        typer.echo(line)


async def _suggested(loaded: Loaded, text: str, language: str | None) -> list[str]:
    from robot_voice.build import open_mind
    from robot_voice.chat import language_of

    allowed = loaded.config.language
    code = language or language_of(text, allowed.allowed, allowed.default)
    async with open_mind(loaded) as thinker:
        return await suggested(thinker.mind, text, code, starter=thinker.starter)


async def suggested(mind: Mind, text: str, language: str, *, starter: bool) -> list[str]:
    """Three answers to ``text`` in ``language`` (ISO 639-1 code). ``starter``: the model follows
    no instructions, and is not asked. Raises ``LlmError`` and ``SafetyError``."""
    from robot_voice.skills.suggestions import filled_up, suggestions, suggestions_prompt
    from robot_voice.types import Draft

    written = ""
    if not starter:
        async with mind.generate(suggestions_prompt(text, language), language) as tokens:
            async for token in tokens:
                written += token
    found = []
    for line in suggestions(written, text, language):
        safe = await mind.screen(Draft(line, language))
        if safe.action == "pass":
            found.append(line)
    return filled_up(found, language)
