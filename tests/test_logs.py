"""Logs: their two forms, and that no words of anyone are in them at info level."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import os
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import pytest

from robot_voice import events
from robot_voice.config import LogConfig
from robot_voice.events import (
    Captioned,
    Committed,
    DeviceChanged,
    Dismissed,
    Event,
    EventBus,
    Failed,
)
from robot_voice.service.logs import EventLog, JsonFormatter, TextFormatter, setup_logging
from robot_voice.types import Transcript

SECRETS = ("나 사실은 어제 많이 울었어", "Zanzibar passcode 4711!", "hunter2!")


def event_types() -> list[type[Event]]:
    found = [kind for kind in vars(events).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, Event)]


def filled(kind: Any, secret: str) -> Any:
    """A value of ``kind`` in which every string, wherever it is, is ``secret``."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: filled(hints[f.name], secret) for f in dataclasses.fields(kind)})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Mapping or origin is dict:
        return {secret: secret}
    if origin in (list, tuple, set, frozenset):
        return origin([filled(arguments[0], secret)])
    if origin in (typing.Union, types.UnionType):
        return filled(arguments[0], secret)
    if kind is str or origin is Literal:
        return secret
    return {bool: True, int: 3, float: 1.25}[kind]


def log_of(event: Event, level: int, formatter: logging.Formatter) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("robot_voice.turns", level)
    logger.addHandler(handler)
    EventBus(EventLog(logger)).emit(event)
    return stream.getvalue()


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_nothing_that_was_said_is_logged_at_info(
    kind: type[Event], secret: str, formatter: logging.Formatter
) -> None:
    event = filled(kind, secret)
    line = log_of(event, logging.INFO, formatter)
    assert line.count("\n") == 1
    assert secret not in line
    for word in secret.split():
        assert word not in line


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: kind.__name__)
def test_texts_are_there_at_debug(kind: type[Event]) -> None:
    event = filled(kind, SECRETS[0])
    hints = typing.get_type_hints(kind)
    holds_text = any(
        hint is str or dataclasses.is_dataclass(hint)
        for name, hint in hints.items()
        if (kind, name) not in ((DeviceChanged, "device"), (Dismissed, "reason"))
    )
    assert (SECRETS[0] in log_of(event, logging.DEBUG, TextFormatter())) == holds_text


def test_a_field_nobody_has_thought_of_yet_shows_its_length_only() -> None:
    @dataclasses.dataclass(frozen=True)
    class Whispered(Event):
        words: str
        pair: tuple[str, str]

    line = log_of(Whispered(1.0, "hello", ("a", "secret")), logging.INFO, TextFormatter())
    assert line.endswith("robot_voice.turns: whispered at=1.0 words_length=5 pair_length=2\n")


def test_info_tells_what_an_operator_needs() -> None:
    event = Committed(12.34567, 3, Transcript("불 켜줘", "ko", 0.91, 0.99), 0.4, 0.41)
    entry = json.loads(log_of(event, logging.INFO, JsonFormatter()))
    moment = datetime.fromisoformat(entry.pop("time"))
    assert moment.utcoffset() is not None
    assert entry == {
        "level": "info",
        "logger": "robot_voice.turns",
        "message": "committed",
        "at": 12.346,
        "turn": 3,
        "transcript_text_length": 4,
        "transcript_language": "ko",
        "transcript_confidence": 0.91,
        "transcript_language_confidence": 0.99,
        "transcript_evidence_no_speech": 0.0,
        "transcript_evidence_log_probability": 0.0,
        "transcript_evidence_compression": 0.0,
        "transcript_evidence_retried_length": 0,
        "transcript_choice": None,
        "transcript_words_length": 0,
        "patience": 0.4,
        "silence": 0.41,
    }


def test_why_words_were_not_believed_is_told_and_not_the_words() -> None:
    dismissed = json.loads(log_of(Dismissed(1.0, 2, "no speech"), logging.INFO, JsonFormatter()))
    assert dismissed["reason"] == "no speech"
    strange = json.loads(log_of(Dismissed(1.0, 2, "i love you"), logging.INFO, JsonFormatter()))
    assert strange["reason_length"] == 10
    caption = Captioned(1.0, "i love", "you", "en")
    entry = json.loads(log_of(caption, logging.INFO, JsonFormatter()))
    assert (entry["language"], entry["stable_length"], entry["rest_length"]) == ("en", 6, 3)
    assert "love" not in json.dumps(entry)


def test_a_failure_is_a_warning() -> None:
    entry = json.loads(log_of(Failed(1.0, 2, "espeak-ng ended"), logging.INFO, JsonFormatter()))
    assert entry["level"] == "warning"
    assert entry["reason_length"] == 15


def record(message: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    logger = logging.Logger("robot_voice.x")
    return logger.makeRecord("robot_voice.x", level, "", 0, message, (), None, extra=extra)


def test_a_text_line_is_one_line() -> None:
    line = TextFormatter().format(record("one\ntwo\x1b[31m", note="a b", n=3, empty=""))
    assert line.endswith(r'INFO    robot_voice.x: one\ntwo\x1b[31m note="a b" n=3 empty=""')


def test_the_journal_gets_severities_and_no_times() -> None:
    journal = TextFormatter(journal=True)
    assert journal.format(record("hm", logging.WARNING)) == "<4>robot_voice.x: hm"
    assert journal.format(record("hm", logging.CRITICAL)) == "<2>robot_voice.x: hm"


def test_an_exception_follows_its_line() -> None:
    entry = record("hm", logging.ERROR)
    try:
        os.stat("/no such device")
    except OSError:
        entry.exc_info = sys.exc_info()
    text = TextFormatter(journal=True).format(entry).splitlines()
    assert text[0] == "<3>robot_voice.x: hm"
    assert (
        text[-1] == "<3>FileNotFoundError: [Errno 2] No such file or directory: '/no such device'"
    )
    assert json.loads(JsonFormatter().format(entry))["exception"].endswith("no such device'")


def test_an_extra_cannot_pose_as_the_level() -> None:
    entry = json.loads(JsonFormatter().format(record("hm", level_="x", time="never", odd=os)))
    assert entry["level"] == "info"
    assert entry["time"] != "never"
    assert "module 'os'" in entry["odd"]


@pytest.fixture
def own_logging() -> Iterator[None]:
    root, package = logging.getLogger(), logging.getLogger("robot_voice")
    before = root.handlers[:], root.level, package.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    package.setLevel(before[2])


@pytest.mark.usefixtures("own_logging")
def test_setting_up_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    others = logging.getLogger().handlers[:]
    setup_logging(LogConfig(level="debug"))
    setup_logging(LogConfig(level="info", format="json"))
    logging.getLogger("robot_voice.audio").info("open", extra={"rate": 16000})
    logging.getLogger("robot_voice.audio").debug("unseen")
    logging.getLogger("faster_whisper").info("unseen: libraries may log what was said")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["rate"] for line in lines] == [16000]
    assert logging.getLogger().handlers[: len(others)] == others


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("stamped", [True, False])
def test_only_a_stream_of_the_journal_goes_without_times(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stamped: bool
) -> None:
    with os.fdopen(os.dup(2), "w") as stderr:
        status = os.fstat(stderr.fileno())
        inode = status.st_ino + stamped  # of another stream, as after `2> file` in a service
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{inode}")
        monkeypatch.setattr(sys, "stderr", stderr)
        setup_logging(LogConfig())
        logging.getLogger("robot_voice").info("hm")
        stderr.flush()
    assert capfd.readouterr().err.startswith("<6>") != stamped
