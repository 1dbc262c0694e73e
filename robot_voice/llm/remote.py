"""A chat model on another machine, behind any server that speaks OpenAI's protocol.

A reply is one ``POST {url}/chat/completions`` with ``"stream": true``; the answer is a stream of
server-sent events, each a ``chat.completion.chunk`` in JSON, up to ``finish_reason`` or ``[DONE]``
(https://platform.openai.com/docs/api-reference/chat; events: WHATWG HTML, 9.2). llama-server, vLLM,
Ollama and the gateways before them all have it.

The exchange has a thread of its own, which may block; whoever wants the reply waits on a queue, and
for no longer than a time-out says, whatever the network does. So a name server that is silent, a
handshake that stands still and a stream of comments without a word end like any other silence,
and a cancelled reply ends at once: the socket is shut down from outside, and the thread follows.

Every reply has a connection of its own. That costs a round trip (two with TLS), and a link that
has died is noticed by ``connect_seconds`` instead of by the patience one has with a first token.
No proxy, no redirect, no cookie and nothing from the environment is followed: what the user says
goes to the address in the configuration or nowhere.
"""

from __future__ import annotations

import logging
import queue
import re
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx2
from pydantic import BaseModel, ValidationError

from robot_voice import __version__
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, LlmError
from robot_voice.llm_config import LlmConfig, RemoteConfig
from robot_voice.types import Message

from .llama import STOPS, merged, readable

_log = logging.getLogger(__name__)

KEY_VARIABLE = "ROBOT_VOICE_LLM_KEY"
"""Environment variable with the server's key, where no file is named."""
POLL = 0.005
"""Seconds between two looks at ``cancelled`` while nothing comes."""
LONGEST_EVENT = 65_536
"""Bytes of one event; a chunk has a few hundred."""
CHARACTERS_PER_TOKEN = 16
"""A reply of more characters than this for each of ``max_tokens`` is cut: the server does not keep
to the limit. Tokens of common vocabularies have four on average, few have more than 16."""
_LONGEST_KEY = 8192
_KEY = re.compile("[!-~]+")


class RemoteLlm:
    """Implements ``engines.Llm``. Nothing is contacted before the first reply is asked for."""

    def __init__(self, config: LlmConfig, key: str = "") -> None:
        """``config.remote`` has the address; ``key`` is the bearer token, empty for none."""
        self._config = config
        self._tls = ssl.create_default_context()  # the system's certificates
        self._headers = {
            "user-agent": f"robot-voice/{__version__}",
            "accept": "text/event-stream",
            "accept-encoding": "identity",  # a reply that unpacks to gigabytes is none
            "connection": "close",
        }
        if key:
            self._headers["authorization"] = f"Bearer {key}"
            _warn_if_readable_on_the_way(config.remote.url)
        self._closed = False

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        """The reply to ``messages``, in pieces as they come.

        Once ``cancelled`` is true it ends, without an error, within 50 ms. Raises ``LlmError``:
        no connection, a time-out, a refusal, a link that broke, an answer that is no reply.
        """
        if self._closed:
            raise LlmError("the remote language model is closed")
        begun = False
        with closing(_Exchange(*self._request(messages), self._most)) as exchange:
            pieces = exchange.pieces(self._config.remote, cancelled)
            for piece in readable(pieces, (*STOPS, *self._config.stop)):
                begun = True
                yield piece
        if not (begun or cancelled()):
            raise LlmError(f"{self._config.remote.url} sent an empty reply")

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """Do nothing: the protocol has no way to read in advance."""

    def close(self) -> None:
        """A reply asked for later is an ``LlmError``."""
        self._closed = True

    @property
    def _most(self) -> int:
        return self._config.max_tokens * CHARACTERS_PER_TOKEN

    def _request(self, messages: Sequence[Message]) -> tuple[httpx2.Client, httpx2.Request]:
        remote = self._config.remote
        body: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.text} for m in merged(messages)],
            "stream": True,
            "max_tokens": self._config.max_tokens,
            "temperature": self._config.temperature,
            "top_p": self._config.top_p,
            "seed": self._config.seed,
        }
        if remote.model:
            body["model"] = remote.model
        # These end a thread that nobody waits for any more; who waits counts for himself.
        silence = max(remote.first_token_seconds, remote.stall_seconds)
        limits = httpx2.Timeout(silence, connect=remote.connect_seconds)
        client = httpx2.Client(verify=self._tls, trust_env=False, timeout=limits)
        url = f"{remote.url.rstrip('/')}/chat/completions"
        return client, client.build_request("POST", url, json=body, headers=self._headers)


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    """What is used of an event's data; an error has no ``choices``."""

    choices: list[_Choice]


class _Exchange:
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


def read_key(file: Path | None, environ: Mapping[str, str]) -> str:
    """The server's key: the content of ``file``, else of the variable ``KEY_VARIABLE``, else "".

    Warns of a file that others may read. Raises ``ConfigError``, which never shows the key.
    """
    where, key = f"the variable {KEY_VARIABLE}", environ.get(KEY_VARIABLE, "")
    if file is not None:
        where = f"llm.remote.key_file {file}"
        try:
            with file.open("rb") as stream:
                key = stream.read(_LONGEST_KEY + 1).decode("utf-8", "replace")
            if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                _log.warning("%s: others on this machine may read it: chmod 600", where)
        except OSError as error:
            raise ConfigError(f"{where}: cannot be read: {error.strerror}") from None
    key = key.strip()
    if file is None and not key:
        return ""
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise ConfigError(f"{where}: holds no key: that is one word of ASCII letters and signs")
    return key


def _warn_if_readable_on_the_way(url: str) -> None:
    parts = httpx2.URL(url)
    if parts.scheme == "http" and parts.host not in ("localhost", "127.0.0.1", "::1"):
        _log.warning("llm.remote.url is not https: the key can be read on the way to %s", url)


def _kind(error: Exception) -> str:
    """What broke, in words that hold nothing of what was sent."""
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
