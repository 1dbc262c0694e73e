"""``robot-voice screen``: what the safety filter makes of sentences, and why."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import Run, command

if TYPE_CHECKING:
    from robot_voice.safety.examination import Examined
    from robot_voice.safety.screen import SafetyScreen

_MEANS = {
    "pass": "The robot would say it.",
    "gray": "The robot would say it, though the language model would be asked first if it could.",
    "soften": "The robot would say it again, kinder, or something else.",
    "block": "The robot would not say it.",
    "crisis": "Somebody may be in danger: the robot asks whether they are safe, and names help.",
}


def register(app: typer.Typer) -> None:
    command(app, "config", "overrides")(screen)


def screen(
    run: Run,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="TEXT", help="Tell about one sentence, in words."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--language", "-l", metavar="CODE", help="Of --explain's sentence."),
    ] = None,
    user: Annotated[
        bool,
        typer.Option("--user", help="--explain's sentence is what a person says to the robot."),
    ] = False,
) -> None:
    """See what the safety filter makes of sentences.

    Reads JSON lines {id, text, lang, kind, context} from standard input and writes
    one for each: {id, action, category, scores, emotion, ms}. kind is "reply" (what
    the robot is about to say) or "user" (what is said to it); context is what the
    user had said, or {"user": ..., "previous": ...}. action is pass, soften, block,
    crisis, or gray: then the language model would be asked, and there is none.

    Examples:
      robot-voice screen --explain "You are not stupid."
      robot-voice screen < sentences.jsonl
    """
    from robot_voice.build import load_screen

    loaded = run.load()
    gate = load_screen(loaded.config)
    if explain is not None:
        _explain(gate, explain, language or _language_of(explain), "user" if user else "reply")
        return
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            typer.echo(json.dumps(_examined(gate, line, number), ensure_ascii=False))


def _examined(gate: SafetyScreen, line: str, number: int) -> dict[str, Any]:
    """The answer to one line. What cannot be read is not let through."""
    try:
        row = json.loads(line)
        identity, text = row.get("id", number), _text(row)
        kind, context = row.get("kind", "reply"), row.get("context") or {}
        code = str(row.get("lang") or _language_of(text))
        language = re.split("[-_]", code.strip().lower())[0]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        return {"id": number, "action": "block", "category": "invalid", "error": repr(error)}
    if not isinstance(context, dict):
        context = {"user": context}
    begun = time.perf_counter()
    found = _examine(gate, text, language, str(kind), context)
    taken = 1000 * (time.perf_counter() - begun)
    return {"id": identity, **found.to_json(), "ms": round(taken, 3)}


def _text(row: Mapping[str, Any]) -> str:
    text = row["text"]
    if not isinstance(text, str):
        raise TypeError(f"text is no text: {text!r}")
    return text


def _examine(
    gate: SafetyScreen, text: str, language: str, kind: str, context: Mapping[str, Any]
) -> Examined:
    from robot_voice.safety.examination import examine_reply, examine_user

    if kind == "user":
        return examine_user(gate, text, language)
    user, previous = context.get("user") or "", context.get("previous") or ""
    return examine_reply(gate, text, language, str(user), str(previous))


def _explain(gate: SafetyScreen, text: str, language: str, kind: str) -> None:
    found = _examine(gate, text, language, kind, {})
    typer.echo(f"{found.action}: {_MEANS[found.action]}")
    if found.category:
        about = f', because of "{found.words}"' if found.words else ""
        typer.echo(f"category: {found.category}{about}")
    limits = gate.rules()
    for name in ("toxic", "hurt", "context"):
        if name in found.scores:
            limit = getattr(limits, name)
            typer.echo(
                f"{name}: {found.scores[name]:.2f} (doubtful from {limit.doubt:g}, not said from"
                f" {limit.block:g})"
            )
    reading = found.reading
    sure = "" if reading.feeling or reading.emotion == "neutral" else ", but far from sure"
    typer.echo(f"feeling: {reading.emotion} ({reading.confidence:.2f}{sure})")


def _language_of(text: str) -> str:
    from robot_voice.chat import language_of

    return language_of(text, ("en", "ko"), "en")
