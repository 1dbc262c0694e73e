"""What the robot does besides talking: the actions of its body, clocks and timers.

Everything here follows one rule: words that may still be withdrawn change nothing (``answer``);
what they lead to is done when they are certain (``committed``). An action that the model asks for
in its reply waits for that too (``apart``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import TypeAlias

from robot_voice.actions.dispatch import Dispatcher, Policy, Remark, Report
from robot_voice.actions.execution import ActionError
from robot_voice.actions.grammar import ReplySplitter, parsed
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.errors import EngineError
from robot_voice.events import ActionEnded, ActionSubmitted, Event, StopRequested
from robot_voice.safety.templates import KoreanLevel, template
from robot_voice.skills.ringing import ring_when_due
from robot_voice.skills.talk import Answer
from robot_voice.skills.tasks import is_about_conversation, task
from robot_voice.skills.voice import voice
from robot_voice.types import Action, Draft, Message, SafeText, Transcript

from .equipment import Equipment
from .errands import Errands
from .hearing import STOP

_log = logging.getLogger(__name__)

Announce: TypeAlias = Callable[[SafeText], Awaitable[None]]
"""Say this when nobody speaks. Raises ``EngineError``."""


class Doing:
    """Lives on the event loop, within ``open``."""

    def __init__(
        self,
        config: Config,
        able: Equipment,
        screen: Callable[[Draft], Awaitable[SafeText]],
        conversation: Conversation,
        *,
        starter: bool,
    ) -> None:
        """``starter``: the model translates, sums up and explains nothing."""
        acting = config.actions
        policy = Policy(frozenset(acting.forbidden), acting.ask_when_guessed, acting.tell)
        self._able = able
        self._dispatcher = Dispatcher(able.commands, able.executors, self._ended, policy)
        self._screen = screen
        self._conversation = conversation
        self._starter = starter
        self._level: KoreanLevel = config.tone.korean_level
        self._errands = Errands("skills")
        self._asked = ""
        """What was answered last and is not committed yet."""
        self._owed: tuple[str, Remark | None] | None = None
        """What was committed before it was answered, and what is to be said to it."""
        self._wished: tuple[str, str, Sequence[str]] | None = None
        """The user's words, the reply's language, and the actions that the reply asks for."""
        self._tasks: asyncio.TaskGroup | None = None
        self._announce: Announce | None = None
        self._emit: Callable[[Event], None] = lambda event: None

    @asynccontextmanager
    async def open(
        self, announce: Announce, emit: Callable[[Event], None]
    ) -> AsyncGenerator[Doing]:
        """Act, ring and tell until the end of the context, which stops what is being done."""
        self._announce, self._emit = announce, emit
        try:
            async with asyncio.TaskGroup() as self._tasks, self._dispatcher.open():
                ringing = self._tasks.create_task(self._ring())
                try:
                    yield self
                finally:
                    self._announce = None  # there is nobody left to tell
                    ringing.cancel()
        finally:
            self._tasks = None
            self._errands.close()
            if self._able.guesser is not None:
                self._able.guesser.close()

    async def answer(self, words: Transcript, language: str, said: str) -> SafeText | None:
        """What is said to these words, in this language, after the robot had said ``said``. None:
        it is for the model."""
        owed, self._owed = self._owed, None
        if certain := owed is not None and owed[0] == words.text:
            remark = owed[1] if owed else None
        else:
            self._asked, remark = words.text, self._dispatcher.preview(words)
        if remark is not None:
            return await self._spoken(remark, language, words.text)
        told = await self._skill(words, language, said) if self._able.skills else None
        return told or await self._guess(words, language, certain=certain)

    def committed(self, transcript: Transcript, *, danger: bool) -> Sequence[Action]:
        """The user did say this: do what they asked for. Returns the actions of the body.
        ``danger``: somebody's life may be at stake; then no reminder is made of the words."""
        command = self._able.commands.match(transcript)
        if command is not None and command.name == STOP:
            self._dispatcher.stop()
        skills = self._able.skills
        if skills is not None and not danger:
            self._errands.submit(partial(skills.committed, transcript.text, transcript.language))
        if self._asked != transcript.text:  # the answer is still to be asked for
            self._owed = transcript.text, self._dispatcher.preview(transcript)
        self._asked = ""
        submitted = self._dispatcher.commit(transcript)
        self._grant()
        return submitted

    def happened(self, event: Event) -> None:
        """A listener: "stop!" is for the body too, and at once."""
        if isinstance(event, StopRequested):
            self._wished = None
            self._dispatcher.stop()

    async def apart(
        self, pieces: AsyncIterator[str], messages: Sequence[Message], language: str
    ) -> AsyncGenerator[str]:
        """A reply to ``messages`` without the actions in it, which are done once the words that it
        answers are certain, and it is at its end."""
        splitter, spoken = ReplySplitter(), False
        async for piece in pieces:
            if text := splitter.feed(piece):
                spoken = spoken or not text.isspace()
                yield text
        if text := splitter.end():
            spoken = spoken or not text.isspace()
            yield text
        if splitter.actions and messages:
            self._wished = messages[-1].text, language, splitter.actions
            self._grant()
            if not spoken:
                yield template("action_ok", language, self._level).text

    # --- what is said ------------------------------------------------------------------

    async def _spoken(self, remark: Remark, language: str, user: str) -> SafeText:
        safe = template(remark.category, language, self._level, instead_of=user)
        text = safe.text.replace("{words}", remark.words)
        if text == safe.text:
            return safe
        return await self._screen(Draft(text, safe.language, user))  # may hold users' words

    async def _skill(self, words: Transcript, language: str, said: str) -> SafeText | None:
        skills = self._able.skills
        assert skills is not None
        wanted = task(words.text)
        if wanted is not None and self._starter:
            return template("action_unknown", language, self._level)
        if wanted is not None and is_about_conversation(wanted) and not said:
            spoken = voice(language, self._level, datetime.now().astimezone())
            return await self._screen(Draft(spoken.say("nothing_said"), spoken.language))
        told = await self._errands.ask(partial(skills.answer, words.text, language))
        return await self._safe(told, words) if told is not None else None

    async def _safe(self, told: Answer, words: Transcript) -> SafeText:
        draft = Draft(told.text, told.language, words.text, user_language=words.language)
        return await self._screen(draft)

    async def _guess(self, words: Transcript, language: str, *, certain: bool) -> SafeText | None:
        """Words that are no command, but perhaps meant to be one. ``certain``: they have been
        committed."""
        guesser = self._able.guesser
        found = await guesser.find(words) if guesser is not None else None
        if found is None:
            return None
        if certain:
            remark = self._wish(found.action, words.language)
        else:
            self._dispatcher.suppose(words, found)
            remark = self._dispatcher.preview(words)
        return await self._spoken(remark, language, words.text) if remark is not None else None

    # --- what is done ------------------------------------------------------------------

    def _grant(self) -> None:
        """Do what the model asks for in its reply, if the words that it answers are certain."""
        last = self._conversation.messages()[-1:]
        if self._wished is None or not last or last[0].role != "user":
            return
        (text, language, written), self._wished = self._wished, None
        if text != last[0].text:
            return  # a reply to words that were withdrawn
        for each in written[:1]:
            try:
                action = parsed(each, self._able.commands.known)
            except ActionError as error:
                _log.warning("a reply asks for what cannot be done: %s", error)
                self._tell(Remark("action_unknown", "", language))
                continue
            if action is not None:
                remark = self._wish(action, language)
                if remark is not None and remark.category != "action_ok":  # the reply says so
                    self._tell(remark)

    def _wish(self, action: Action, language: str) -> Remark | None:
        submitted, remark = self._dispatcher.wish(action, language)
        for one in submitted:
            self._emit(ActionSubmitted(_now(), 0, one))
        return remark

    def _ended(self, report: Report) -> None:
        self._emit(ActionEnded(_now(), report.action, report.outcome, report.seconds))
        if report.remark is not None:
            self._tell(report.remark)

    def _tell(self, remark: Remark) -> None:
        if self._tasks is not None and self._announce is not None:
            self._tasks.create_task(self._told(self._spoken(remark, remark.language, "")))

    async def _ring(self) -> None:
        skills = self._able.skills
        if skills is None:
            return

        async def due() -> Sequence[Answer]:
            return await self._errands.ask(skills.due) or ()

        nobody = Transcript("", "")
        await ring_when_due(due, lambda told: self._told(self._safe(told, nobody)))

    async def _told(self, text: Awaitable[SafeText]) -> None:
        try:
            safe = await text
            if self._announce is not None:
                await self._announce(safe)
        except EngineError as error:
            _log.warning("something could not be told: %s", error)


def _now() -> float:
    return asyncio.get_running_loop().time()
