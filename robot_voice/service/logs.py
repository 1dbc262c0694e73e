"""Logs that an operator can read and that nobody can listen in on.

Every line goes to stderr, as text or as one JSON object. What is passed by ``extra=`` is part of
the record: ``key=value`` behind a text line, members of a JSON object.

What people and the robot say appears at debug level only. ``EventLog`` keeps that promise by
construction: of any event it shows at info level numbers, and words from closed vocabularies
that are named here one by one (a language, a device). Of everything else, and so of every field
that an event may get in future, it shows how long it is.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping, Sized
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from robot_voice.config import LogConfig
from robot_voice.events import (
    Captioned,
    DeviceChanged,
    Dismissed,
    EchoChanged,
    Event,
    Failed,
    Transcribed,
)
from robot_voice.types import (
    REASONS,
    Action,
    Evidence,
    LanguageChoice,
    SafeText,
    Transcript,
)

_PACKAGE = "robot_voice"

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The attributes every record has: whatever else there is came by ``extra=``."""

_SYSLOG = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
"""Severities as journald reads them from a line's head (sd-daemon(3)); worse ones are 2."""


class TextFormatter(logging.Formatter):
    """``time LEVEL logger: message key=value``, on one line whatever the message holds.

    For the journal, which stamps and files each line by itself, its severity instead of the time.
    """

    def __init__(self, journal: bool = False) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        pairs = "".join(f" {key}={_shown(value)}" for key, value in _extras(record).items())
        line = f"{record.name}: {_one_line(record.getMessage())}{pairs}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        if self._journal:
            head = f"<{_SYSLOG.get(record.levelno, 2)}>"
            return "\n".join(head + part for part in line.splitlines())
        time = datetime.fromtimestamp(record.created).astimezone()
        return f"{time:%Y-%m-%d %H:%M:%S}.{record.msecs:03.0f} {record.levelname:<7} {line}"


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC, ISO 8601), level, logger, message, extras, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry = _extras(record) | {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second set-up replaces the first and leaves others' handlers alone."""


def setup_logging(config: LogConfig) -> None:
    """Send the log to stderr in the configured form. May be called again, as after a reload.

    The level is the package's own; libraries speak up from warnings on, for some of them log
    what they are given.
    """
    handler = _Handler(sys.stderr)
    if config.format == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(TextFormatter(journal=_is_journal(sys.stderr)))
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    level = logging.getLevelNamesMapping()[config.level.upper()]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger(_PACKAGE).setLevel(level)


def _is_journal(stream: TextIO) -> bool:
    """Whether ``stream`` is the journal's (systemd.exec(5), JOURNAL_STREAM is "device:inode")."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _one_line(text: str) -> str:
    """``text`` with its line ends and other control characters spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shown(value: object) -> str:
    text = _one_line(str(value))
    return (
        text
        if text and " " not in text and '"' not in text
        else json.dumps(text, ensure_ascii=False)
    )


_WORDS = frozenset(
    {
        (Transcript, "language"),
        (SafeText, "language"),
        (SafeText, "action"),
        (SafeText, "category"),
        (Action, "name"),
        (DeviceChanged, "device"),
        (EchoChanged, "mode"),
        (Captioned, "language"),
        (Transcribed, "verdict"),
        (Transcribed, "reason"),
        (Dismissed, "reason"),
        (LanguageChoice, "language"),
        (LanguageChoice, "reason"),
        (Evidence, "retried"),
    }
)
"""The strings that are words of our own vocabularies, and not what somebody said."""

_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
"""What such a word looks like; anything else in its place is treated as speech."""


class EventLog:
    """A listener that logs every event: at info level without, at debug level with its texts."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._log = logger or logging.getLogger(f"{_PACKAGE}.turns")

    def __call__(self, event: Event) -> None:
        name = _snake(type(event).__name__)
        level = logging.WARNING if isinstance(event, Failed) else logging.INFO
        self._log.log(level, name, extra=_measures(event))
        if self._log.isEnabledFor(logging.DEBUG) and (texts := _texts(event)):
            self._log.debug(name, extra=texts)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _parts(value: object, prefix: str = "") -> dict[str, tuple[type, str, object]]:
    """The leaves of nested dataclasses: where each is shown, its owner, its name, its value."""
    found: dict[str, tuple[type, str, object]] = {}
    for field in fields(value):  # type: ignore[arg-type]  # only called with dataclasses
        part: Any = getattr(value, field.name)
        path = f"{prefix}{field.name}"
        if is_dataclass(part):
            found |= _parts(part, f"{path}_")
        else:
            found[path] = (type(value), field.name, part)
    return found


def _measures(event: Event) -> dict[str, object]:
    """What an event tells without telling what was said."""
    shown: dict[str, object] = {}
    for path, (owner, name, value) in _parts(event).items():
        if isinstance(value, str) and (owner, name) in _WORDS and _is_word(value):
            shown[path] = value
        elif isinstance(value, Sized):
            shown[f"{path}_length"] = len(value)
        elif isinstance(value, float):
            shown[path] = round(value, 3)
        elif value is None or isinstance(value, int):
            shown[path] = value
    return shown


def _is_word(value: str) -> bool:
    return value in REASONS or _WORD.fullmatch(value) is not None


def _texts(event: Event) -> dict[str, object]:
    """What ``_measures`` leaves out, as far as it is text; and the turn it belongs to."""
    texts: dict[str, object] = {}
    for path, (owner, name, value) in _parts(event).items():
        if isinstance(value, str) and (owner, name) not in _WORDS:
            texts[path] = value
        elif isinstance(value, Mapping):
            texts[path] = dict(value)
    turn = getattr(event, "turn", None)
    return {"turn": turn} | texts if texts and turn is not None else texts
