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

from robot_voice.actions.confirm import Question
from robot_voice.actions.dispatch import Dispatcher, Policy, Remark, Report, Wish
from robot_voice.actions.execution import ActionError
from robot_voice.actions.grammar import ReplySplitter, Wished, parsed
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.events import (
    ActionEnded,
    ActionSubmitted,
    Dismissed,
    Event,
    StopRequested,
    TurnEnded,
    Withdrawn,
)
from robot_voice.safety.templates import KoreanLevel, template
from robot_voice.skills.ringing import ring_when_due
from robot_voice.skills.talk import Answer
from robot_voice.skills.tasks import is_about_conversation, task
from robot_voice.skills.voice import voice
from robot_voice.types import Action, Draft, Message, SafeText, Transcript

from .equipment import Equipment
from .errands import Errands
from .prepared import Announce
from .telling import Telling

_log = logging.getLogger(__name__)

TRIES = 3
"""How often a ring is tried when the filter or the voice fails."""


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
        self._obeyed = False
        """Whether what was committed last was a command."""
        self._wished: Wished | None = None
        self._asking: Question | None = None
        """What the robot is about to ask of its own accord."""
        self._telling = Telling()
        self._emit: Callable[[Event], None] = lambda event: None

    @asynccontextmanager
    async def open(
        self, announce: Announce, emit: Callable[[Event], None]
    ) -> AsyncGenerator[Doing]:
        """Act, ring and tell until the end of the context, which stops what is being done."""
        self._emit = emit
        try:
            async with asyncio.TaskGroup() as tasks, self._dispatcher.open():
                ringing = tasks.create_task(self._ring())
                try:
                    with self._telling.open(tasks, announce):
                        yield self
                finally:
                    ringing.cancel()
        finally:
            self._errands.close()

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
        skills = self._able.skills
        if skills is not None and not danger:
            done = partial(skills.committed, transcript.text, transcript.language)
            self._errands.submit(done, certain=True)
        remark = self._dispatcher.preview(transcript)
        if self._asked != transcript.text:  # the answer is still to be asked for
            self._owed = transcript.text, remark
        self._asked = ""
        submitted = self._dispatcher.commit(transcript)
        self._obeyed = bool(submitted) or remark is not None
        self._drop_wish()
        self._grant()
        return submitted

    def happened(self, event: Event) -> None:
        """A listener: "stop!" is for the body too, and at once; what was withdrawn never was."""
        match event:
            case StopRequested():
                self._wished = self._asking = None
                self._telling.drop()
                self._dispatcher.stop()
            case Withdrawn() | Dismissed() | TurnEnded():
                self._asked, self._owed = "", None
                self._drop_wish(over=isinstance(event, TurnEnded))
                self._dispatcher.withdraw()
                if self._able.skills is not None:
                    self._errands.soon(self._able.skills.turn_over)

    def passed(self) -> None:
        """All of the latest reply may be said: so may what it asks for be done."""
        if self._wished is not None:
            self._wished.passed = True
            self._grant()

    async def apart(
        self, pieces: AsyncIterator[str], messages: Sequence[Message], language: str
    ) -> AsyncGenerator[str]:
        """A reply to ``messages`` without the actions in it, which are done once the words that it
        answers are certain, and all of it has ``passed``."""
        self._wished = None  # what an earlier reply asks for, it asks for no more
        splitter, spoken = ReplySplitter(), False
        async for piece in pieces:
            if text := splitter.feed(piece):
                spoken = spoken or not text.isspace()
                yield text
        if text := splitter.end():
            spoken = spoken or not text.isspace()
            yield text
        if splitter.actions and messages:
            self._wished = Wished(messages[-1].text, language, splitter.actions)
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
        if certain or self._asked != words.text:  # they have been committed meanwhile
            wish = self._wish(found.action, words.language)
            remark = wish.remark
            if wish.question is not None:
                self._dispatcher.ask(wish.question)
        else:
            self._dispatcher.suppose(words, found)
            remark = self._dispatcher.preview(words)
        return await self._spoken(remark, language, words.text) if remark is not None else None

    # --- what is done ------------------------------------------------------------------

    def _grant(self) -> None:
        """Do what the model asks for in its reply, if the words that it answers are certain."""
        wished = self._wished
        if wished is None or not wished.passed or wished.text != self._last_words():
            return
        self._wished = None
        if self._obeyed:  # the model need not tell the body what the user has told it
            return
        try:
            action = parsed(wished.written[0], self._able.commands.known)
        except ActionError as error:
            _log.warning("a reply asks for what cannot be done: %s", error)
            self._tell(Remark("action_unknown", "", wished.language))
            return
        if action is None:
            return
        wish = self._wish(action, wished.language)
        if wish.remark is not None and wish.remark.category != "action_ok":  # the reply says so
            self._tell(wish.remark, wish.question)

    def _drop_wish(self, *, over: bool = False) -> None:
        """If it comes from a reply to words that were withdrawn, or from a turn that is over."""
        if self._wished is not None and (over or self._wished.text != self._last_words()):
            self._wished = None

    def _last_words(self) -> str:
        """Of the user, if nothing was said to them yet."""
        last = self._conversation.messages()[-1:]
        return last[0].text if last and last[0].role == "user" else ""

    def _wish(self, action: Action, language: str) -> Wish:
        wish = self._dispatcher.wish(action, language)
        for one in wish.submitted:
            self._emit(ActionSubmitted(_now(), 0, one))
        return wish

    def _ended(self, report: Report) -> None:
        self._emit(ActionEnded(_now(), report.action, report.outcome, report.seconds))
        if report.remark is not None:
            self._tell(report.remark)

    def _tell(self, remark: Remark, question: Question | None = None) -> None:
        """Say it when nobody speaks. ``question``: that it asks, and that a yes is for it."""
        self._asking = question or self._asking

        def begins() -> None:
            if question is not None and self._asking is question:  # nobody said "stop" meanwhile
                self._asking = None
                self._dispatcher.ask(question)

        self._telling.later(lambda: self._spoken(remark, remark.language, ""), begins)

    async def _ring(self) -> None:
        skills = self._able.skills
        if skills is None:
            return
        nobody = Transcript("", "")

        async def due() -> Sequence[Answer]:
            ringing = self._errands.submit(skills.due)
            return await ringing if ringing is not None else ()

        async def announce(told: Answer) -> None:
            for _ in range(TRIES):  # a timer that is not heard is worse than a late one
                if await self._telling.now(lambda: self._safe(told, nobody), _nothing):
                    return
                await asyncio.sleep(1.0)

        await ring_when_due(due, announce)


def _nothing() -> None:
    """There is nothing to be done when it is said."""


def _now() -> float:
    return asyncio.get_running_loop().time()
