"""What follows from committed words for the filter: complaints are filed, notices given."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from robot_voice import paths
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.engines import Judge
from robot_voice.errors import LlmError
from robot_voice.llm.prompt import spoken_name
from robot_voice.reports import Report, ReportStore, reports_path
from robot_voice.safety.care import Care, Said
from robot_voice.safety.disclosure import Facts
from robot_voice.safety.lexicon import LEXICONS
from robot_voice.safety.reading import Reading, read
from robot_voice.safety.screen import SafetyScreen
from robot_voice.types import Draft, SafeText, Transcript

from .remembering import Remembering

_log = logging.getLogger(__name__)

MAX_FILING = 16
"""Complaints that wait for a slow disk. More are not filed, and suppressed until the end only."""

CLOSE_SECONDS = 1.0
"""How long a clean end may wait for complaints to be filed; a filing takes 25 ms."""

_HEARD = 0.6
"""Share of a notice after which it counts as given: by then all but the last sentence was said."""


def open_screen(
    config: Config, judge: Judge | None, store: ReportStore | None, *, starter: bool
) -> SafetyScreen:
    """The filter as the robot has it. Reads the store. ``starter``: the language model is the
    starter's, which cannot write a sentence anew."""
    blind = sorted({*config.language.allowed, config.language.reply} - {*LEXICONS, "user"})
    if blind and judge is None:
        _log.warning("the safety filter knows no words of %s: only a judge can help", blind)
    kept = config.reports
    facts = Facts(
        config.conversation.save_history,
        kept.enabled,
        kept.keep_text,
        config.log.level == "debug",
        config.memory.enabled,
        config.memory.enabled and config.memory.summaries and not starter,
        bool(config.llm.remote.url),
    )
    sensitivity = config.safety.sensitivity
    care = Care(sensitivity, store.digest, store.suppressed()) if store else Care(sensitivity)
    asked = partial(_opinion, judge, config.safety.judge_seconds) if judge else None
    return SafetyScreen(config.safety, config.tone, facts, asked, care, rewrites=not starter)


def _opinion(judge: Judge, seconds: float, draft: Draft) -> float | None:
    """A judge that fails has no opinion: then doubt counts for more."""
    feeling = read(draft.user, draft.user_language or draft.language).feeling
    try:
        return judge.unkind(draft, feeling, seconds)
    except LlmError as error:
        _log.warning("the judge failed: %s", error)
        return None


def open_store(config: Config) -> ReportStore | None:
    """Where complaints are filed; None when they are not."""
    kept = config.reports
    if not kept.enabled:
        return None
    return ReportStore(reports_path(), keep_text=kept.keep_text, retention_days=kept.retention_days)


class Keeper:
    """Told of everything that is committed, on the event loop. ``close`` it."""

    def __init__(
        self,
        config: Config,
        screen: SafetyScreen,
        conversation: Conversation,
        store: ReportStore | None,
        clock: Callable[[], float] = time.time,
        memory: Remembering | None = None,
    ) -> None:
        self.screen = screen
        self.memory = memory
        self._conversation = conversation
        self._store = store
        self._clock = clock
        self._filing = ThreadPoolExecutor(1, "reports")
        self._room = threading.BoundedSemaphore(MAX_FILING)
        self._notices = Notices(config, screen, paths.user_state() / "met", clock)

    def committed(self, transcript: Transcript) -> Reading:
        """The user did say this. What the robot said before it is the conversation's. Returns what
        the words show."""
        care, said, now = self.screen.care, self._conversation.said, self._clock()
        self._notices.heard(said)
        self.screen.script_heard(said)
        reading = self.screen.reading(transcript.text, transcript.language)
        care.committed(reading, now)
        if self.memory is not None:
            self.memory.committed(transcript)
            if reading.danger or care.crisis:
                self.memory.keep_nothing()
        if reading.feedback and said:
            hurtful = care.to_blame(said)
            care.complained(hurtful)
            for sentence in hurtful:
                self._file(sentence, transcript.text, now)
        return reading

    def closing(self, language: str) -> SafeText | None:
        """What the robot adds to a reply of its own accord."""
        # A reply may be made before the words it answers are committed.
        self._notices.heard(self._conversation.said)
        undone = self.memory.closing(language) if self.memory else None
        return undone or self._notices.due(language)

    async def close(self) -> None:
        """Wait until all is filed, but not for ever; a slow disk gets the rest before the process
        ends."""
        if self.memory is not None:
            self.memory.close()
        waiting = asyncio.to_thread(self._filing.shutdown)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waiting, CLOSE_SECONDS)

    def _file(self, said: Said, user: str, now: float) -> None:
        if self._store is None or not self._room.acquire(blocking=False):
            return
        report = Report(now, said.language, said.text, user, said.category, said.scores)
        filed = self._filing.submit(self._store.file, report)
        filed.add_done_callback(lambda _: self._room.release())


class Notices:
    """The first-meeting notice, and a child's reminders. ``file`` remembers the first meeting."""

    def __init__(
        self, config: Config, screen: SafetyScreen, file: Path, clock: Callable[[], float]
    ) -> None:
        self._when = config.disclosure.notice
        self._name = config.persona
        self._screen = screen
        self._file = file
        self._clock = clock
        self._given = self._when == "off" or (self._when == "first" and file.exists())
        child = config.safety.sensitivity == "child"
        self._every = 60.0 * config.disclosure.remind_minutes if child else None
        self._reminded = clock()
        self._offered: SafeText | None = None

    def due(self, language: str) -> SafeText | None:
        """What is to be added to the reply that is being made. It may never be heard: then it stays
        due."""
        if not self._given:
            name = spoken_name(self._name, language)
            self._offered = self._screen.notice(language, name)
        elif self._every is not None and self._clock() - self._reminded >= self._every:
            self._offered = self._screen.reminder(language)
        else:
            return None
        return self._offered

    def heard(self, said: str) -> None:
        """The robot's last words, as far as they were heard."""
        if self._offered is None:
            return
        text = self._offered.text
        if text[: round(_HEARD * len(text))] not in said:
            return
        self._offered = None
        self._reminded = self._clock()
        if not self._given:
            self._given = True
            self._remember()

    def _remember(self) -> None:
        if self._when != "first":
            return
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
        except OSError as error:
            _log.warning("the first meeting cannot be remembered: %s", error)
