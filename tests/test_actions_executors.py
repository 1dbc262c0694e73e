"""Bodies of every kind: programs, functions, servers, brokers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from robot_voice.actions.execution import (
    ActionError,
    DryRunConfig,
    Executor,
    ExecutorConfig,
    HttpConfig,
    MqttConfig,
    ProcessConfig,
    PythonConfig,
)
from robot_voice.actions.executors import make_executors
from robot_voice.actions.executors.process import filled
from robot_voice.errors import ConfigError
from robot_voice.types import Action

from .broker import Broker

TURN = Action("turn", {"direction": "left", "words": "; rm -rf $HOME"})


def make(config: ExecutorConfig, base: Path = Path()) -> Executor:
    return make_executors({"body": config}, base)["body"]


def once(config: ExecutorConfig, *actions: Action, base: Path = Path()) -> None:
    """Execute these in turn, halt, close."""

    async def scenario() -> None:
        executor = make(config, base)
        try:
            for action in actions:
                await executor.execute(action)
            await executor.halt()
        finally:
            await executor.close()

    asyncio.run(scenario())


async def cancelled_once(
    executor: Executor, ready: Callable[[], object], action: Action = TURN
) -> None:
    """Begin an action, and cancel it when it is under way."""
    task = asyncio.create_task(executor.execute(action))
    async with asyncio.timeout(20):
        while not ready():
            assert not task.done()
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that is dead but not yet waited for, by whoever adopted it, is no more alive.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


# --- dry run --------------------------------------------------------------------------------


def test_a_dry_run_succeeds_with_anything() -> None:
    once(DryRunConfig(kind="dry-run"), TURN, Action("fly"))
    http = HttpConfig(kind="http", url="http://127.0.0.1:9/")
    dry = make_executors({"a": http, "b": http}, Path(), dry_run=True)
    asyncio.run(_all(executor.execute(TURN) for executor in dry.values()))


async def _all(coroutines: Iterator[Coroutine[Any, Any, None]]) -> None:
    for coroutine in coroutines:
        await coroutine


# --- programs -------------------------------------------------------------------------------


def test_arguments_are_filled_in_and_no_shell_reads_them() -> None:
    argv = ("ctl", "--{direction}", "{words}", "{speed}", "{json}", "{action}{")
    *words, whole, last = filled(argv, TURN)
    assert words == ["ctl", "--left", "; rm -rf $HOME", ""]
    assert json.loads(whole) == {"action": "turn", "arguments": dict(TURN.arguments)}
    assert last == "turn{"


def test_a_program_is_run(tmp_path: Path) -> None:
    code = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); print('x' * 200_000)"
    file = tmp_path / "done"
    config = ProcessConfig(
        kind="process",
        argv=python(code, str(file), "{action} {words}"),
        halt=python(code, str(file), "halt"),
    )
    once(config, TURN, Action("sit"))
    assert file.read_text().splitlines() == ["turn ; rm -rf $HOME", "sit ", "halt"]


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (python("raise SystemExit(3)"), "ended with status 3"),
        (("/no/such/program",), "program cannot be started: No such file"),
        (("echo", "\0"), "cannot be started: an argument is no text"),
    ],
)
def test_a_program_that_fails(argv: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(ActionError, match=complaint):
        once(ProcessConfig(kind="process", argv=argv), TURN)


@pytest.mark.parametrize("stubborn", [False, True])
def test_stop_ends_a_program_and_its_children(tmp_path: Path, stubborn: bool) -> None:
    file = tmp_path / "pids"
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    code = (
        f"import os, signal, subprocess, sys, time;{ignore}"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open(sys.argv[1] + '.new', 'w').write(f'{os.getpid()} {child.pid}');"
        "os.rename(sys.argv[1] + '.new', sys.argv[1]); time.sleep(60)"
    )
    executor = make(ProcessConfig(kind="process", argv=python(code, str(file))))
    asyncio.run(cancelled_once(executor, file.exists))
    for pid in map(int, file.read_text().split()):
        wait_until(lambda pid=pid: not alive(pid))  # type: ignore[misc]


# --- functions ------------------------------------------------------------------------------

MODULE = """
import asyncio, os, sys, time
calls = 0

def act(name, arguments):
    global calls
    calls += 1
    print("what is printed is no answer")
    note(f"{calls} {os.getpid()} {name} {arguments}")
    if name == "fail":
        raise RuntimeError("motor")
    if name == "exit":
        sys.exit(0)
    if name == "turn" and arguments.get("for") == "ever":
        time.sleep(60)

async def later(name, arguments):
    await asyncio.sleep(0)
    note(name)

def halt():
    note("halt")

def note(text):
    with open(os.environ["NOTES"], "a") as file:
        file.write(text + "\\n")
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A module ``body`` whose functions write down what they are called with."""
    (tmp_path / "body.py").write_text(MODULE)
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[1]}")
    file = tmp_path / "notes"
    return lambda: file.read_text().splitlines() if file.exists() else []


def test_a_function_is_called_in_a_process_that_stays(notes: Callable[[], list[str]]) -> None:
    config = PythonConfig(kind="python", call="body:act", halt="body:halt")
    once(config, Action("sit"), Action("say", {"words": "안녕"}))
    first, second, halt = notes()
    assert first.split()[0] == "1"
    assert second.split()[0] == "2"
    assert first.split()[1] == second.split()[1]
    assert second.endswith("say {'words': '안녕'}")
    assert halt == "halt"


def test_a_coroutine_is_awaited(notes: Callable[[], list[str]]) -> None:
    once(PythonConfig(kind="python", call="body:later"), Action("sit"))
    assert notes() == ["sit"]


@pytest.mark.parametrize("how", ["fail", "exit"])
def test_a_function_that_fails_is_called_again_next_time(
    notes: Callable[[], list[str]], how: str
) -> None:
    async def scenario() -> None:
        executor = make(PythonConfig(kind="python", call="body:act"))
        with pytest.raises(ActionError, match="body:act failed; standard error"):
            await executor.execute(Action(how))
        await executor.execute(Action("sit"))
        await executor.close()

    asyncio.run(scenario())
    assert [note.split()[0] for note in notes()] == ["1", "1"]


def test_stop_ends_a_function(notes: Callable[[], list[str]]) -> None:
    executor = make(PythonConfig(kind="python", call="body:act"))

    async def scenario() -> None:
        await cancelled_once(executor, notes, Action("turn", {"for": "ever"}))
        await executor.execute(Action("sit"))
        await executor.close()

    asyncio.run(scenario())
    turned, sat = notes()
    assert turned.split()[1] != sat.split()[1]
    wait_until(lambda: not alive(int(turned.split()[1])))


def test_a_function_that_is_not_there(notes: Callable[[], list[str]]) -> None:
    with pytest.raises(ActionError, match="no_such:act failed"):
        once(PythonConfig(kind="python", call="no_such:act"), TURN)


def test_ctrl_c_is_for_the_robot(notes: Callable[[], list[str]]) -> None:
    async def scenario() -> None:
        executor = make(PythonConfig(kind="python", call="body:act"))
        await executor.execute(Action("sit"))
        os.kill(int(notes()[0].split()[1]), signal.SIGINT)
        await executor.execute(Action("stand"))
        await executor.close()

    asyncio.run(scenario())
    assert [note.split()[0] for note in notes()] == ["1", "2"]


# --- servers --------------------------------------------------------------------------------


class Server(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, str, Any]]] = []
    release: ClassVar[threading.Event]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append((self.path, self.headers.get("authorization", ""), body))
        if self.path == "/slow":
            self.release.wait(20)
        status = {"/fail": 500, "/away": 302}.get(self.path, 204)
        self.send_response(status)
        self.send_header("location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def server() -> Iterator[str]:
    Server.seen.clear()
    Server.release = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            Server.release.set()
            http.shutdown()
            thread.join()


def test_a_server_is_told(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    with server() as url:
        config = HttpConfig(kind="http", url=f"{url}/act", halt=f"{url}/halt", token_file="token")
        once(config, TURN, base=tmp_path)
    whole = {"action": "turn", "arguments": dict(TURN.arguments)}
    assert Server.seen == [("/act", "Bearer secret", whole), ("/halt", "Bearer secret", {})]


@pytest.mark.parametrize(("path", "status"), [("fail", 500), ("away", 302)])
def test_a_server_that_refuses(path: str, status: int) -> None:
    with server() as url, pytest.raises(ActionError, match=f"answered HTTP {status}"):
        once(HttpConfig(kind="http", url=f"{url}/{path}"), TURN)
    assert len(Server.seen) == 1, "no redirect is followed"


def test_a_server_that_is_not_there() -> None:
    with server() as url:
        pass
    with pytest.raises(ActionError, match="gave no answer"):
        once(HttpConfig(kind="http", url=url), TURN)


def test_nobody_waits_for_a_server_after_stop() -> None:
    with server() as url:
        executor = make(HttpConfig(kind="http", url=f"{url}/slow"))
        asyncio.run(cancelled_once(executor, lambda: bool(Server.seen)))


# --- brokers --------------------------------------------------------------------------------


def mqtt(broker: Broker, **more: object) -> MqttConfig:
    return MqttConfig(kind="mqtt", port=broker.port, topic="robot/do", **more)


def test_a_broker_is_told() -> None:
    async def scenario() -> None:
        async with Broker() as broker:
            executor = make(mqtt(broker, halt="robot/halt"))
            await executor.execute(TURN)
            await executor.halt()
            await executor.close()
            (topic, content), (stopped, nothing) = broker.published
            assert (topic, stopped) == ("robot/do", "robot/halt")
            assert json.loads(nothing) == {}
            assert json.loads(content)["arguments"] == dict(TURN.arguments)

    asyncio.run(scenario())


@pytest.mark.parametrize("ok", [True, False])
def test_the_body_says_what_became_of_it(ok: bool) -> None:
    def answer(content: bytes) -> list[bytes]:
        mine = {"id": json.loads(content)["id"], "ok": ok, "reason": "blocked"}
        others = [b"no json", b"[]", b'{"id": "other", "ok": false}', b"x" * 5000]
        return [*others, json.dumps(mine).encode()]

    async def scenario() -> None:
        async with Broker("robot/done", answer) as broker:
            executor = make(mqtt(broker, results="robot/done"))
            if ok:
                await executor.execute(TURN)
            else:
                with pytest.raises(ActionError, match="the body reports a failure"):
                    await executor.execute(TURN)
            await executor.close()

    asyncio.run(scenario())


def test_nobody_waits_for_a_body_after_stop() -> None:
    async def scenario() -> None:
        async with Broker("robot/done", lambda content: []) as broker:
            executor = make(mqtt(broker, results="robot/done"))
            await cancelled_once(executor, lambda: bool(broker.published))

    asyncio.run(scenario())


def test_a_broker_that_is_not_there() -> None:
    async def scenario() -> None:
        async with Broker() as broker:
            config = mqtt(broker)
        with pytest.raises(ActionError, match="cannot be reached"):
            await make(config).execute(TURN)

    asyncio.run(scenario())


def test_mqtt_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiomqtt", None)
    with pytest.raises(ConfigError, match=r"robot-voice\[mqtt\]"):
        make(MqttConfig(kind="mqtt", topic="t"))


@pytest.mark.parametrize("content", [None, b"", b"two\nlines", b"x" * 9000])
def test_a_secret_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    config = HttpConfig(kind="http", url="http://127.0.0.1:9/", token_file="token")
    with pytest.raises(ConfigError, match=r"token_file .*token: (cannot|holds)") as raised:
        make(config, tmp_path)
    assert "lines" not in str(raised.value)
