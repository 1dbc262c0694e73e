"""A chat model on another machine, behind any server that speaks OpenAI's protocol.

A reply is one ``POST {url}/chat/completions`` with ``"stream": true``; the answer is a stream of
server-sent events, each a ``chat.completion.chunk`` in JSON, up to ``finish_reason`` or ``[DONE]``
(https://platform.openai.com/docs/api-reference/chat; events: WHATWG HTML, 9.2). llama-server, vLLM,
Ollama and the gateways before them all have it.

Every reply has a connection of its own. That costs a round trip (two with TLS), and a link that
has died is noticed by ``connect_seconds`` instead of by the patience one has with a first token.
No proxy of the environment, no redirect and no cookie is heeded: what the user says goes to the
address in the configuration or nowhere. Certificates are those that the system trusts.
"""

from __future__ import annotations

import logging
import re
import ssl
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2

from robot_voice import __version__
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, LlmError
from robot_voice.llm_config import LlmConfig
from robot_voice.types import Message

from .exchange import Exchange
from .llama import STOPS, merged, readable

_log = logging.getLogger(__name__)

KEY_VARIABLE = "ROBOT_VOICE_LLM_KEY"
"""Environment variable with the server's key, where no file is named."""
CHARACTERS_PER_TOKEN = 16
"""A reply of more characters than this for each of ``max_tokens`` is cut: the server does not keep
to the limit. Tokens of common vocabularies have four on average, few have more than 16."""
_LONGEST_KEY = 8192
_KEY = re.compile("[!-~]+")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class RemoteLlm:
    """Implements ``engines.Llm``. Nothing is contacted before the first reply is asked for."""

    def __init__(self, config: LlmConfig, key: str = "") -> None:
        """``config.remote`` has the address; ``key`` is the bearer token, empty for none.

        Raises ``ConfigError`` for an address that cannot be one.
        """
        self._config = config
        self._url = _parsed(config.remote.url)
        self._tls = ssl.create_default_context()
        self._headers = {
            "user-agent": f"robot-voice/{__version__}",
            "accept": "text/event-stream",
            "accept-encoding": "identity",  # a reply that unpacks to gigabytes is none
            "connection": "close",
        }
        if key:
            self._headers["authorization"] = f"Bearer {key}"
            if self._url.scheme == "http" and self._url.host not in _THIS_MACHINE:
                _log.warning("llm.remote.url is not https: others on the way can read the key")
        self._closed = False

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        """The reply to ``messages``, in pieces as they come.

        Once ``cancelled`` is true it ends, without an error, within 50 ms. Raises ``LlmError``:
        no connection, a time-out, a refusal, a link that broke, an answer that is no reply.
        """
        if self._closed:
            raise LlmError("the remote language model is closed")
        begun = False
        with closing(Exchange(*self._request(messages), self._most)) as exchange:
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
        silence = max(remote.first_token_seconds, remote.stall_seconds) + 1.0
        limits = httpx2.Timeout(silence, connect=remote.connect_seconds + 1.0)
        client = httpx2.Client(verify=self._tls, trust_env=False, timeout=limits)
        return client, client.build_request("POST", self._url, json=body, headers=self._headers)


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


def _parsed(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(f"{url.rstrip('/')}/chat/completions")
    except httpx2.InvalidURL as error:
        raise ConfigError(f"llm.remote.url {url!r} is no address: {error}") from None
    if (parsed.port or 0) > 65_535:
        raise ConfigError(f"llm.remote.url {url!r} is no address: ports end at 65535")
    return parsed
