"""The control socket, as programs see it that know nothing of this package."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from robot_voice.commands.control import app
from robot_voice.errors import ConfigError, EngineError, TtsError
from robot_voice.service.control import MAX_CLIENTS, MAX_LINE, Control, Hooks, ask, socket_path


@dataclass
class Robot:
    """What a daemon would do."""

    levels: list[float] = field(default_factory=list)
    mutings: list[bool] = field(default_factory=list)
    adapters: list[str] = field(default_factory=list)
    interrupted: int = 0
    fails: bool = False
    still: asyncio.Event = field(default_factory=asyncio.Event)

    def motion(self, level: float) -> None:
        self.levels.append(level)
        if level == 0:
            self.still.set()

    def status(self) -> Mapping[str, Any]:
        return {"state": "listening", "name": "누리"}

    async def interrupt(self) -> None:
        if self.fails:
            raise TtsError("the voice is gone")
        self.interrupted += 1

    async def adapt(self, name: str) -> None:
        if name not in ("", "guide"):
            raise ConfigError(f"there is no adapter {name!r}")
        self.adapters.append(name)

    @asynccontextmanager
    async def at(self, path: Path) -> AsyncGenerator[None]:
        async with Control(
            Hooks(self.motion, self.interrupt, self.mutings.append, self.adapt, self.status)
        ).listen(path):
            yield


class Client:
    """Somebody else's: plain lines over a plain socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def to(cls, path: Path) -> AsyncGenerator[Client]:
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def send(self, line: bytes) -> dict[str, Any]:
        self.writer.write(line + b"\n")
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await self._reader.readline())
        return answer

    async def left(self) -> bool:
        return await self._reader.read() == b""


def check(scenario: Coroutine[Any, Any, None]) -> None:
    """Run it in real time, for there are sockets in it; whatever hangs fails."""
    asyncio.run(asyncio.wait_for(scenario, 30))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


def test_a_motion_begins_and_ends(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path), Client.to(path) as client:
            answer = await client.send(b'{"do": "motion", "level": 0.6}')
            assert answer == {"ok": True, "level": 0.6, "seconds": 10.0}
            assert (await client.send(b'{"do": "status"}'))["motion"] == 0.6
            assert (await client.send(b'{"do": "motion", "level": 0}'))["ok"]
            assert robot.levels == [0.6, 0.0]

    check(scenario())


def test_the_microphone_is_closed_and_opened(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path), Client.to(path) as client:
            assert await client.send(b'{"do": "mute", "muted": true}') == {
                "ok": True,
                "muted": True,
            }
            assert await client.send(b'{"do": "mute", "muted": false}') == {
                "ok": True,
                "muted": False,
            }
            for bad in (b'{"do": "mute"}', b'{"do": "mute", "muted": 1}'):
                assert not (await client.send(bad))["ok"]
            assert robot.mutings == [True, False]

    check(scenario())


def test_an_adapter_is_put_on_and_off(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path), Client.to(path) as client:
            for name in ("guide", ""):
                request = json.dumps({"do": "adapter", "name": name}).encode()
                assert await client.send(request) == {"ok": True}
            refusal = await client.send(b'{"do": "adapter", "name": "pirate"}')
            assert refusal == {"ok": False, "error": "there is no adapter 'pirate'"}
            for bad in (b'{"do": "adapter"}', b'{"do": "adapter", "name": 1}'):
                assert not (await client.send(bad))["ok"]
        assert robot.adapters == ["guide", ""]

    check(scenario())


def test_a_motion_whose_client_is_gone_ends_by_itself(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path):
            async with Client.to(path) as client:
                await client.send(b'{"do": "motion", "level": 1, "seconds": 0.02}')
            await robot.still.wait()
        assert robot.levels == [1.0, 0.0]

    check(scenario())


def test_a_motion_that_is_repeated_goes_on(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path), Client.to(path) as client:
            await client.send(b'{"do": "motion", "level": 0.5, "seconds": 0.05}')
            await client.send(b'{"do": "motion", "level": 0.5, "seconds": 60}')
            await asyncio.sleep(0.1)
            assert robot.levels == [0.5]
        assert robot.levels == [0.5, 0.0]  # nor does it outlive the daemon

    check(scenario())


def test_interrupt_and_status(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path), Client.to(path) as client:
            assert await client.send(b'{"do": "interrupt"}') == {"ok": True}
            assert robot.interrupted == 1
            status = await client.send(b'{"do": "status"}')
            assert status == {"ok": True, "state": "listening", "name": "누리", "motion": 0.0}
            robot.fails = True
            refusal = await client.send(b'{"do": "interrupt"}')
            assert refusal == {"ok": False, "error": "the voice is gone"}

    check(scenario())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        b"[1]",
        b"{}",
        b'{"do": "dance"}',
        b'{"do": ["motion"]}',
        b'{"do": "motion"}',
        b'{"do": "motion", "level": "loud"}',
        b'{"do": "motion", "level": true}',
        b'{"do": "motion", "level": 1.1}',
        b'{"do": "motion", "level": NaN}',
        b'{"do": "motion", "level": 0.5, "seconds": 0}',
        b'{"do": "motion", "level": 0.5, "seconds": 1e9}',
        b'{"do": "motion", "level": 0.5, "wheels": 4}',
        b'{"do": "interrupt", "now": true}',
        b"[" * 4000,
    ],
)
def test_a_bad_request_gets_an_error_and_the_next_one_an_answer(path: Path, line: bytes) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path), Client.to(path) as client:
            answer = await client.send(line)
            assert answer["ok"] is False
            assert answer["error"]
            assert (await client.send(b'{"do": "status"}'))["ok"]
            assert robot.levels == []

    check(scenario())


def test_a_line_without_end_is_refused(path: Path) -> None:
    async def scenario() -> None:
        async with Robot().at(path), Client.to(path) as client:
            client.writer.write(b"x" * (2 * MAX_LINE))
            assert "4096" in (await client.answer())["error"]
            assert await client.left()

    check(scenario())


def test_there_is_a_limit_of_clients(path: Path) -> None:
    async def scenario() -> None:
        async with Robot().at(path), AsyncExitStack() as stack:
            for _ in range(MAX_CLIENTS):
                client = await stack.enter_async_context(Client.to(path))
                assert (await client.send(b'{"do": "status"}'))["ok"]
            async with Client.to(path) as one_more:
                assert (await one_more.answer())["ok"] is False
                assert await one_more.left()
            assert (await client.send(b'{"do": "status"}'))["ok"]

    check(scenario())


def test_only_the_owner_may_connect_and_nothing_is_left_behind(path: Path) -> None:
    def mode(file: Path) -> int:
        return stat.S_IMODE(file.stat().st_mode)

    async def scenario() -> None:
        async with Robot().at(path), Client.to(path) as client:
            assert (await client.send(b'{"do": "status"}'))["ok"]
            assert (mode(path.parent), mode(path)) == (0o700, 0o600)

    check(scenario())
    assert not list(path.parent.iterdir())


def test_a_second_daemon_leaves_the_first_its_socket(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with Robot().at(path):
            async with Robot().at(path):
                pass
            assert "another daemon" in caplog.text
            async with Client.to(path) as client:
                assert (await client.send(b'{"do": "status"}'))["ok"]

    check(scenario())


def test_the_socket_of_a_daemon_that_died_is_taken_over(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def scenario() -> None:
        async with Robot().at(path), Client.to(path) as client:
            assert (await client.send(b'{"do": "status"}'))["ok"]

    check(scenario())


def test_a_robot_that_cannot_be_controlled_still_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    async def scenario() -> None:
        async with Robot().at(tmp_path / "file" / "control.sock"):
            assert "cannot be controlled" in caplog.text

    check(scenario())


# --- our own client ---------------------------------------------------------------------


def test_our_own_client(path: Path) -> None:
    async def scenario() -> None:
        robot = Robot()
        async with robot.at(path):
            answer = await asyncio.to_thread(ask, path, {"do": "motion", "level": 0.25})
            assert answer["level"] == 0.25
            with pytest.raises(EngineError, match="level must be"):
                await asyncio.to_thread(ask, path, {"do": "motion", "level": 2})

    check(scenario())


def test_nobody_is_there(path: Path) -> None:
    with pytest.raises(EngineError, match=r"control\.sock.*robot-voice run"):
        ask(path, {"do": "status"})


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    robot = Robot()

    async def scenario() -> None:
        async with robot.at(socket_path()):
            for arguments in (["motion", "0.6", "--seconds", "5"], ["interrupt"], ["status"]):
                result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
                assert result.exit_code == 0, result.output
            assert result.output.splitlines() == ["state: listening", "name: 누리", "motion: 0.6"]
            result = await asyncio.to_thread(CliRunner().invoke, app, ["status", "--json"])
            assert json.loads(result.output)["state"] == "listening"

    check(scenario())
    assert robot.interrupted == 1
