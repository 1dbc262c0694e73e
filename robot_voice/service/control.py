"""How the robot's own software talks to a running daemon: a Unix socket, a JSON object a line.

    {"do": "motion", "level": 0.6}      motors run from now on, this loud (0 to 1)
    {"do": "motion", "level": 0}        they stand still again
    {"do": "interrupt"}                 fall silent
    {"do": "mute", "muted": true}       close the microphone (false: open it)
    {"do": "adapter", "name": "guide"}  fall silent, then speak with this adapter ("": with none)
    {"do": "status"}                    how is it

Each line is answered by one line: ``{"ok": true, ...}`` or ``{"ok": false, "error": "..."}``. Only
the user the daemon runs as may connect: the socket has mode 0600 in a folder with mode 0700.

A motion ends by itself after ``seconds`` (10 unless the request says otherwise), so that a client
that crashed leaves no deaf robot; whoever moves longer repeats it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

from robot_voice import paths
from robot_voice.errors import EngineError, VoiceError

_log = logging.getLogger(__name__)

MAX_LINE = 4096
"""Bytes of a request. The longest there is has a hundred."""

MAX_CLIENTS = 8
"""Connections at a time: a body has a few programs that move it, not hundreds."""

MOTION_SECONDS, MAX_MOTION_SECONDS = 10.0, 60.0

ANSWER_SECONDS = 5.0
"""How long ``ask`` usually waits. The daemon's loop is never busy for a second."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the requests do."""

    motion: Callable[[float], None]
    """Told the level in [0, 1] whenever it changes."""
    interrupt: Callable[[], Awaitable[None]]
    mute: Callable[[bool], None]
    adapter: Callable[[str], Awaitable[None]]
    """Told the name of one of ``llm.adapters``, or nothing."""
    status: Callable[[], Mapping[str, Any]]
    """What is told about the robot; it must fit into JSON."""


def socket_path() -> Path:
    """Where the daemon of this user listens."""
    return paths.user_runtime() / "control.sock"


class Control:
    """The daemon's side. Runs in the event loop."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._level = 0.0
        self._end: asyncio.TimerHandle | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._open = False

    @asynccontextmanager
    async def listen(self, path: Path) -> AsyncGenerator[None]:
        """Serve clients at ``path`` meanwhile.

        A robot that cannot be told of its motions still hears: when the socket cannot be made, or
        another daemon has it, that is a warning and no more.
        """
        try:
            listener = _bind(path)
        except OSError as error:
            _log.warning("the robot cannot be controlled through %s: %s", path, error)
            yield
            return
        async with asyncio.TaskGroup() as tasks:
            self._open = True
            connected = partial(self._connected, tasks)
            server = await asyncio.start_unix_server(connected, sock=listener, limit=MAX_LINE)
            try:
                yield
            finally:
                self._open = False
                self._move(0.0)
                server.close()
                for client in self._clients:
                    client.cancel()
                _remove(path)

    def _connected(
        self,
        tasks: asyncio.TaskGroup,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if not self._open:  # in the very moment of the end
            writer.close()
            return
        client = tasks.create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)
        client.add_done_callback(lambda _: writer.close())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves."""
        try:
            if len(self._clients) > MAX_CLIENTS:
                writer.write(_line(_refused(f"more than {MAX_CLIENTS} clients; try again later")))
                return
            while line := await reader.readuntil():
                writer.write(_line(await self._answer(line)))
                await writer.drain()
        except asyncio.LimitOverrunError:
            writer.write(_line(_refused(f"a line of more than {MAX_LINE} bytes; good-bye")))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it has left

    async def _answer(self, line: bytes) -> dict[str, Any]:
        """Do what a line asks for."""
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return _refused("not JSON")
        if not isinstance(request, dict):
            return _refused("not an object")
        match request.pop("do", None), request:
            case "motion", {"level": level, **rest} if rest.keys() <= {"seconds"}:
                return self._motion(level, rest.get("seconds", MOTION_SECONDS))
            case "interrupt", {**rest} if not rest:
                return await _done(self._hooks.interrupt())
            case "adapter", {"name": str(name), **rest} if not rest:
                return await _done(self._hooks.adapter(name))
            case "mute", {"muted": bool(muted), **rest} if not rest:
                self._hooks.mute(muted)
                return {"ok": True, "muted": muted}
            case "status", {**rest} if not rest:
                return {"ok": True, **self._hooks.status(), "motion": self._level}
        return _refused(
            'want {"do": "motion", "level": 0..1, "seconds": optional}, {"do": "interrupt"},'
            ' {"do": "mute", "muted": true or false}, {"do": "adapter", "name": "..."} or'
            ' {"do": "status"}'
        )

    def _motion(self, level: object, seconds: object) -> dict[str, Any]:
        if not _is_number(level) or not 0 <= level <= 1:
            return _refused("level must be a number from 0 to 1")
        if not _is_number(seconds) or not 0 < seconds <= MAX_MOTION_SECONDS:
            return _refused(f"seconds must be above 0 and at most {MAX_MOTION_SECONDS:g}")
        self._move(float(level))
        if level > 0:
            loop = asyncio.get_running_loop()
            self._end = loop.call_later(float(seconds), self._move, 0.0)
        return {"ok": True, "level": level, "seconds": seconds}

    def _move(self, level: float) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if level != self._level:
            self._level = level
            self._hooks.motion(level)


async def _done(what: Awaitable[None]) -> dict[str, Any]:
    try:
        await what
    except VoiceError as error:
        return _refused(str(error))
    return {"ok": True}


def ask(path: Path, request: Mapping[str, Any], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
    """Send one request to the daemon at ``path`` and return its answer, for which it waits for so
    many ``seconds``.

    Raises ``EngineError`` when nobody answers, or the answer is a refusal.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(str(path))
            connection.sendall(_line(request))
            with connection.makefile("rb") as answers:
                line = answers.readline()
        answer = json.loads(line)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"no robot answers at {path} ({error}): is `robot-voice run` at work, as this user?"
        ) from error
    if not isinstance(answer, dict) or not answer.pop("ok", False):
        raise EngineError(f"the robot refused: {answer}")
    return answer


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refused(reason: str) -> dict[str, Any]:
    return {"ok": False, "error": reason}


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _bind(path: Path) -> socket.socket:
    """A socket there that only this user can reach. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if _somebody_listens(path):
        raise OSError("another daemon listens there")
    _remove(path)  # left behind by a daemon that died
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
    except OSError:
        listener.close()
        raise
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            probe.connect(str(path))
            return True
    return False
