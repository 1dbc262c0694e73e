"""The conversation on disk, for an owner who asked for it (``conversation.save_history``).

One small JSON file, replaced as a whole: the new one is written beside it, synced, and renamed
over it. Whatever moment the power fails at, the file holds the last save that was finished.
Only its owner can read it.

A disk that is full or gone costs the history and a warning, never the robot.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from robot_voice.events import Committed, Event, TurnEnded
from robot_voice.types import Message

_log = logging.getLogger(__name__)

_FORMAT = 1
"""Written into the file; a file of another format is not guessed at."""

MAX_BYTES = 4 << 20
"""Largest file written or read: a thousand messages, of which hardly one is 4 kB long."""

_ROLES = ("user", "assistant")
"""Whose messages are kept. The system's are made from the configuration at every start."""


class History:
    """Messages in the file ``path``. One process at a time is expected to save."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._told = False

    def load(self) -> list[Message]:
        """What was saved last; empty when there is nothing, or nothing that can be read.

        A damaged file is set aside as ``<name>.corrupt`` (over the one before) with a warning.
        """
        self._remove_partial()
        try:
            with self._path.open("rb") as file:
                content = file.read(self._max_bytes + 1)
        except FileNotFoundError:
            return []
        except OSError as error:
            _log.warning("the saved conversation %s cannot be read: %s", self._path, error)
            return []
        try:
            return _decode(content)
        except (ValueError, RecursionError) as error:  # also bytes that are no text, or no JSON
            self._set_aside(type(error).__name__)
            return []

    def save(self, messages: Sequence[Message]) -> bool:
        """Replace what was saved by the newest of ``messages`` that fit; whether it worked.

        Blocks until the disk has it, which on a busy memory card may take a second.
        """
        try:
            self._replace(_encode(messages, self._max_bytes))
        except OSError as error:
            if not self._told:  # once, not every turn
                _log.warning("the conversation cannot be saved in %s: %s", self._path, error)
            self._told = True
            return False
        self._told = False
        return True

    def _replace(self, content: bytes) -> None:
        folder = self._path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=self._partial_prefix, dir=folder)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, self._path)
        except OSError:
            Path(partial).unlink(missing_ok=True)
            raise
        _sync_folder(folder)

    @property
    def _partial_prefix(self) -> str:
        return f".{self._path.name}."

    def _remove_partial(self) -> None:
        """Remove what a process that was killed while it saved has left behind."""
        try:
            for partial in self._path.parent.glob(f"{self._partial_prefix}*"):
                partial.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("left-overs beside %s cannot be removed: %s", self._path, error)

    def _set_aside(self, reason: str) -> None:
        aside = self._path.with_name(f"{self._path.name}.corrupt")
        try:
            os.replace(self._path, aside)
        except OSError as error:
            _log.warning("%s is damaged and cannot be set aside: %s", self._path, error)
        else:
            _log.warning("%s was damaged (%s); it is now %s", self._path, reason, aside.name)


def _encode(messages: Sequence[Message], max_bytes: int) -> bytes:
    """The file's bytes: the newest messages that fit, oldest first."""
    room = max_bytes - len(_document([]))
    kept: list[str] = []
    for message in reversed([message for message in messages if message.role in _ROLES]):
        entry = json.dumps(asdict(message), ensure_ascii=False)
        room -= len(entry.encode("utf-8", "surrogatepass")) + len(",\n")
        if room < 0:
            break
        kept.append(entry)
    return _document(kept[::-1])


def _document(entries: Sequence[str]) -> bytes:
    text = f'{{"format": {_FORMAT}, "messages": [\n' + ",\n".join(entries) + "\n]}\n"
    return text.encode("utf-8", "surrogatepass")


def _decode(content: bytes) -> list[Message]:
    """The messages in a file's bytes. Raises ``ValueError`` when they are not what we write."""
    match json.loads(content.decode("utf-8", "surrogatepass")):
        case {"format": number, "messages": list(entries)} if number == _FORMAT:
            return [_message(entry) for entry in entries]
    raise ValueError("not a conversation")


def _message(entry: Any) -> Message:
    match entry:
        case {"role": "user" | "assistant" as role, "text": str(text), **rest} if not rest:
            return Message(role, text)
    raise ValueError("not a message")


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class HistoryKeeper:
    """A listener that saves the conversation after each change, off the event loop.

    A thread of its own writes the newest state there is; states that it was too slow for are
    skipped, so nothing piles up and nobody waits for the disk.
    """

    def __init__(self, history: History, messages: Callable[[], Sequence[Message]]) -> None:
        """``messages`` gives the conversation as it is; called on the listener's thread."""
        self._history = history
        self._messages = messages
        self._pending: list[Message] | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="history", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Committed | TurnEnded):
            self._keep(closing=False)

    def close(self, timeout: float = 1.0) -> bool:
        """Save what there is now, and end. Whether the disk took it within ``timeout`` seconds."""
        self._keep(closing=True)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _keep(self, closing: bool) -> None:
        messages = list(self._messages())
        with self._changed:
            self._pending = messages
            self._closing = self._closing or closing
            self._changed.notify()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending is not None)
                messages, self._pending = self._pending or [], None
                last = self._closing
            self._history.save(messages)
            if last:
                return
