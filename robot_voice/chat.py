"""A typed conversation: the same mind, filter and manners, without ears and voice."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing

from rich.console import Console
from rich.text import Text

from .build import STARTER_NOTICE, Thinker, open_mind
from .condense import Condenser
from .errors import EngineError
from .reply import reply
from .settings import Loaded
from .types import SafeText, Transcript

_SCRIPTS = (("ko", "\uac00", "\ud7a3"), ("ja", "\u3040", "\u30ff"), ("zh", "\u4e00", "\u9fff"))
"""Languages told by their letters, in the order they are asked: kana before Han."""


def language_of(text: str, allowed: Sequence[str], default: str) -> str:
    """The language of typed text, told by its script; Latin letters are the first such language
    among ``allowed``, and what tells nothing is ``default``. Pure."""
    for language, first, last in _SCRIPTS:
        if language in allowed and any(first <= letter <= last for letter in text):
            return language
    by_script = {language for language, _, _ in _SCRIPTS}
    latin = [default, *allowed]
    if any("a" <= letter <= "z" for letter in text.lower()):
        return next((language for language in latin if language not in by_script), default)
    return default


def run_chat(loaded: Loaded, *, as_json: bool = False) -> None:
    """Answer lines from standard input until it ends. Raises ``ModelError`` or ``ConfigError``."""
    asyncio.run(_chat(loaded, as_json))


async def _chat(loaded: Loaded, as_json: bool) -> None:
    console = Console()
    config = loaded.config
    interactive = sys.stdin.isatty() and not as_json
    show = _printer(console, as_json)

    async def tell(news: SafeText, begins: Callable[[], None]) -> None:
        """A timer rings, or an action is over."""
        begins()
        show(news)
        if as_json:
            _write({"news": news.text})

    async with open_mind(loaded) as thinker, thinker.doing.open(tell, lambda event: None):
        if thinker.starter:
            Console(stderr=True).print(STARTER_NOTICE, style="dim")
        if interactive:
            console.print(f"Type to {config.persona.name}. Ctrl-D ends.", style="dim")
        async with asyncio.TaskGroup() as tasks:
            mind, window = thinker.mind, thinker.conversation.window
            condenser = Condenser(window, mind, mind.sum_up, thinker.diary)
            async for line in _lines("you> " if interactive else ""):
                condenser.consider(tasks, None)
                language = language_of(line, config.language.allowed, config.language.default)
                transcript = Transcript(line, language)
                said, actions = await _answer(thinker, transcript, show)
                if as_json:
                    entry = {"user": line, "language": language, "reply": said, "actions": actions}
                    _write(entry)
                elif actions:
                    console.print(Text(f"Action {', '.join(actions)}", "blue"))
                condenser.consider(tasks, transcript)
            condenser.consider(tasks, None)


def _write(entry: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _printer(console: Console, as_json: bool) -> Callable[[SafeText], None]:
    def show(sentence: SafeText) -> None:
        if not as_json:
            style = "" if sentence.action == "pass" else "yellow"
            console.print(Text(sentence.text, style))

    return show


async def _answer(
    thinker: Thinker,
    transcript: Transcript,
    show: Callable[[SafeText], None],
) -> tuple[list[str], list[str]]:
    """What is said, and the names of the actions that were submitted."""
    mind, conversation = thinker.mind, thinker.conversation
    messages = conversation.preview(transcript.text)
    conversation.add("user", transcript.text)
    actions = [action.name for action in thinker.act(transcript)]
    said: list[str] = []
    try:
        async with aclosing(reply(mind, transcript, messages)) as sentences:
            async for sentence in sentences:
                show(sentence)
                said.append(sentence.text)
    except EngineError as error:
        Console(stderr=True).print(f"No answer: {error}", style="red")
    conversation.add("assistant", " ".join(said))
    return said, actions


async def _lines(prompt: str) -> AsyncIterator[str]:
    """What is typed, without empty lines, until the input ends.

    ``input`` cannot be interrupted, so it has a thread that nobody waits for.
    """
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[str | None] = asyncio.Queue(1)

    def read() -> None:
        line: str | None = ""
        while line is not None:
            try:
                line = input(prompt)
            except (EOFError, ValueError):  # ValueError: the stream was closed
                line = None
            asyncio.run_coroutine_threadsafe(typed.put(line), loop).result()

    threading.Thread(target=read, name="typing", daemon=True).start()
    while (line := await typed.get()) is not None:
        if line.strip():
            yield line.strip()
