"""One request to a chat server and its streamed answer, in a thread that may be left behind.

The thread may block; whoever wants the reply waits on a queue, and for no longer than a time-out
says, whatever the network does. So a name server that is silent, a handshake that stands still and
a stream of comments without a word end like any other silence, and a cancelled reply ends at once:
the socket is shut down from outside, and the thread follows.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

import httpx2
from pydantic import BaseModel, ValidationError

from robot_voice.engines import Cancelled
from robot_voice.errors import LlmError
from robot_voice.llm_config import RemoteConfig

POLL = 0.005
"""Seconds between two looks at ``cancelled`` while nothing comes."""
LONGEST_EVENT = 65_536
"""Bytes of one event; a chunk has a few hundred."""


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    """What is used of an event's data; an error has no ``choices``."""

    choices: list[_Choice]


class Exchange:
    """A request and its answer, in a thread of its own, which starts at once."""

    def __init__(self, client: httpx2.Client, request: httpx2.Request, most: int) -> None:
        """``most``: after how many characters the reply counts as whole."""
        self._client, self._request, self._most = client, request, most
        request.extensions["trace"] = self._trace
        self._where = f"the language server {request.url.scheme}://{request.url.netloc.decode()}"
        # b"": there is a connection; None: the reply is whole.
        self._items: queue.SimpleQueue[bytes | LlmError | None]
        self._items = queue.SimpleQueue()  # bounded by ``most``
        self._left = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        threading.Thread(target=self._run, name="llm-remote", daemon=True).start()

    def pieces(self, remote: RemoteConfig, cancelled: Cancelled) -> Iterator[bytes]:
        """The reply as it comes. Raises ``LlmError``."""
        limit, missing = remote.connect_seconds, "no connection"
        until = time.monotonic() + limit
        while not cancelled():
            try:
                item = self._items.get(timeout=POLL)
            except queue.Empty:
                if time.monotonic() >= until:
                    raise LlmError(f"{self._where}: {missing} within {limit:g} s") from None
                continue
            if item is None:
                return
            if isinstance(item, LlmError):
                raise item
            if item:
                yield item
                limit, missing = remote.stall_seconds, "nothing more"
            else:
                limit, missing = remote.first_token_seconds, "no word"
            until = time.monotonic() + limit

    def close(self) -> None:
        """Hang up, from any thread: what is blocked in the other one fails at once."""
        self._left.set()
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):  # the other end was faster
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._socket.close()
                self._socket = None

    # --- in the thread ---------------------------------------------------------

    def _run(self) -> None:
        try:
            with self._client as client, closing(client.send(self._request, stream=True)) as answer:
                self._receive(answer)
        except LlmError as error:
            self._items.put(error)
        except (httpx2.HTTPError, OSError, UnicodeError) as error:
            self._items.put(LlmError(f"{self._where}: {_kind(error)}"))
        else:
            self._items.put(None)
        finally:
            self._hang_up()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by the library of every step. Keeps a handle on the connection that is this
        object's own: one that TLS does not wrap and that no other thread closes."""
        if event == "connection.connect_tcp.complete":
            stream = info["return_value"]
            with self._lock:
                self._socket = stream.get_extra_info("socket").dup()
        elif event == "http11.send_request_headers.started":
            self._items.put(b"")
        if self._left.is_set():
            self._hang_up()

    def _receive(self, answer: httpx2.Response) -> None:
        """Put the reply's pieces into the queue. Raises ``LlmError`` if it is not whole."""
        if answer.status_code != 200:
            raise LlmError(f"{self._where} {_refusal(answer.status_code)}")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise LlmError(
                f"{self._where}: the answer is compressed, though that was not asked for"
            )
        room = self._most
        for event in httpx2.EventSource(answer, max_event_size=LONGEST_EVENT):
            if event.data == "[DONE]" or room <= 0 or self._left.is_set():
                return
            if not event.data:
                continue
            choice = self._choice(event.data)
            if choice.delta is not None and (text := choice.delta.content):
                self._items.put(text[:room].encode())
                room -= len(text)
            if choice.finish_reason is not None:
                return
        raise LlmError(f"{self._where}: the link was cut in mid-reply")

    def _choice(self, data: str) -> _Choice:
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError:  # whose text would quote the reply
            raise LlmError(f"{self._where} sent an error, or what is no reply") from None
        return chunk.choices[0] if chunk.choices else _Choice()  # figures on use have none


def _kind(error: Exception) -> str:
    """What broke, in words that hold nothing of what was sent."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "no connection: this machine does not trust its certificate"
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return "no connection; is it running, and is llm.remote.url right?"
    if isinstance(error, httpx2.SSEError):
        return "the answer is no stream of events; is llm.remote.url right? It often ends in /v1"
    return f"the link broke ({type(error).__name__})"


def _refusal(status: int) -> str:
    if status in (401, 403):
        return f"refuses the key (HTTP {status}): see llm.remote.key_file"
    if status == 404:
        return "has no such page or model (HTTP 404): see llm.remote.url and llm.remote.model"
    return f"answered HTTP {status}"
