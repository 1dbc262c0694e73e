"""A real HTTP server that speaks OpenAI's streaming protocol, as told; and a link that breaks.

The server sends what its ``script`` holds: bytes as a chunk of the body each, a number as so many
seconds of silence, ``HANG`` as silence until the server is closed or its client gone.
"""

from __future__ import annotations

import json
import random
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self, TypeAlias

from robot_voice.engines import Llm
from robot_voice.llm.remote import RemoteLlm
from robot_voice.llm_config import LlmConfig, RemoteConfig
from robot_voice.types import Message

HELLO = [Message("system", "Be kind."), Message("user", "Where is Mina's red kite?")]
PATIENT = {"connect_seconds": 30.0, "first_token_seconds": 30.0, "stall_seconds": 30.0}
"""No time-out: what ends then was ended by something else."""
HANG = -1.0
Step: TypeAlias = bytes | float


def remote(url: str, key: str = "", limits: dict[str, float] = PATIENT, **llm: Any) -> RemoteLlm:
    """The model at ``url``; ``llm``: settings of ``LlmConfig``."""
    return RemoteLlm(LlmConfig(remote=RemoteConfig(url=url, **limits), **llm), key)


def ask(llm: Llm, messages: Sequence[Message] = HELLO) -> str:
    return "".join(llm.generate(messages, never))


def never() -> bool:
    return False


def threads_end() -> bool:
    """Whether the threads of all exchanges end."""
    for thread in threading.enumerate():
        if thread.name == "llm-remote":
            thread.join(10)
            if thread.is_alive():
                return False
    return True


def event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def chunk(text: str | None = None, finish: str | None = None) -> bytes:
    """A ``chat.completion.chunk``."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event(json.dumps({"object": "chat.completion.chunk", "choices": [choice]}))


def reply(*pieces: str, pause: float = 0.0) -> list[Step]:
    """A whole answer, as llama-server and vLLM send it."""
    role = {"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}
    steps: list[Step] = [event(json.dumps({"choices": [role]}))]
    for piece in pieces:
        steps += [pause, chunk(piece)]
    usage = json.dumps({"choices": [], "usage": {"completion_tokens": len(pieces)}})
    return [*steps, chunk(finish="stop"), event(usage), event("[DONE]")]


@dataclass
class FakeServer:
    """A context; its ``url`` is what goes into the configuration."""

    script: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "text/event-stream; charset=utf-8"}
    )
    tls: ssl.SSLContext | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of what was asked."""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """The headers, in small letters, and ``:path``."""
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._server = _Server(self)
        if self.tls is not None:
            # Without this, a handshake that fails would be the accepting thread's error.
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/v1"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fake: FakeServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what tests are about; anything else is a mistake here."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read ``FakeServer.requests``."""

    def do_POST(self) -> None:
        fake = self.server.fake
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {key.lower(): value for key, value in self.headers.items()}
        fake.asked.append({**headers, ":path": self.path})
        fake.requests.append(body)
        self.send_response(fake.status)
        for name, value in fake.headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for step in list(fake.script):
            if isinstance(step, bytes):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(step), step))
            elif step == HANG:
                self._hang()
                return
            else:
                time.sleep(step)
        self.wfile.write(b"0\r\n\r\n")

    def _hang(self) -> None:
        self.connection.settimeout(0.02)
        while not self.server.fake.closing.is_set():
            with suppress(TimeoutError):
                if not self.connection.recv(1):
                    break
        self.close_connection = True


FaultKind: TypeAlias = Literal[
    "none", "refused", "silent", "cut", "reset", "stall", "garbage", "comments"
]
FAULTS: Sequence[FaultKind] = (
    "refused",
    "silent",
    "cut",
    "reset",
    "stall",
    "garbage",
    "comments",
)


@dataclass
class Fault:
    """What befalls the answer. ``at``: behind so many of its bytes, status line and headers
    counted; "refused" comes before the connection, "silent" before the first byte."""

    kind: FaultKind
    at: int = 0


class FaultyLink:
    """A TCP proxy before a server. A context."""

    def __init__(self, port: int, seed: int = 7) -> None:
        """``port``: the server's."""
        self._port, self._dice = port, random.Random(seed)
        self._closing = threading.Event()
        self.fault = Fault("none")

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        # Bound and not listening: whoever connects to it is refused.
        self._deaf = socket.socket()
        self._deaf.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._deaf.close()

    @property
    def url(self) -> str:
        end = self._deaf if self.fault.kind == "refused" else self._listener
        return f"http://127.0.0.1:{end.getsockname()[1]}/v1"

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._relay, args=(client, self.fault), daemon=True).start()

    def _relay(self, client: socket.socket, fault: Fault) -> None:
        with client, suppress(OSError), self._upstream() as server:
            _send_request(client, server)
            passed = 0
            if fault.kind == "silent":
                self._wait(client)
                return
            while data := server.recv(4096):
                room = len(data) if fault.kind == "none" else fault.at - passed
                client.sendall(data[:room])
                passed += len(data[:room])
                if room < len(data):
                    self._strike(client, fault.kind)
                    return

    @contextmanager
    def _upstream(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self._port), 10) as server:
            yield server

    def _strike(self, client: socket.socket, kind: FaultKind) -> None:
        if kind == "stall":
            self._wait(client)
        elif kind == "garbage":
            client.sendall(self._dice.randbytes(self._dice.randint(1, 400)))
        elif kind == "comments":  # no chunk of a body, so noise to whoever reads chunks
            while not self._closing.wait(0.05):
                client.sendall(b": still here\n\n")
        elif kind == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _wait(self, client: socket.socket) -> None:
        """Until the client hangs up, or the link is closed."""
        client.settimeout(0.02)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                if not client.recv(1):
                    return


def _send_request(client: socket.socket, server: socket.socket) -> None:
    """Pass on headers and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += (more := client.recv(4096))
        if not more:
            raise ConnectionError
    head, _, body = data.partition(b"\r\n\r\n")
    (length,) = [int(v) for k, v in _fields(head) if k == b"content-length"]
    while len(body) < length:
        body += (more := client.recv(4096))
        if not more:
            raise ConnectionError
    server.sendall(head + b"\r\n\r\n" + body)


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.strip().lower(), value.strip()
