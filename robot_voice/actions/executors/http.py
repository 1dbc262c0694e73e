"""Actions done by a server on the robot or near it.

What is sent is the action, never what was said. No proxy of the environment and no redirect is
heeded: it goes to the address in the declaration or nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx2

from robot_voice.actions.execution import ActionError, HttpConfig
from robot_voice.types import Action

from .secret import read_secret

CONNECT_SECONDS = 2.0


class HttpExecutor:
    """Implements ``Executor``: one ``POST`` for each action; its answer ends it."""

    def __init__(self, config: HttpConfig, base: Path) -> None:
        """Raises ``ConfigError`` for a token that cannot be read."""
        self._config = config
        token = read_secret(base, config.token_file, "token_file")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._client: httpx2.AsyncClient | None = None

    async def execute(self, action: Action) -> None:
        """Cancelled: the connection is closed; ``halt`` tells the server."""
        content = {"action": action.name, "arguments": dict(action.arguments)}
        await self._post(self._config.url, content)

    async def halt(self) -> None:
        if self._config.halt:
            await self._post(self._config.halt, {})

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, url: str, content: Mapping[str, object]) -> None:
        if self._client is None:
            limits = httpx2.Timeout(self._config.seconds, connect=CONNECT_SECONDS)
            self._client = httpx2.AsyncClient(trust_env=False, timeout=limits)
        try:
            # The body of the answer is not read: it might never end.
            async with self._client.stream(
                "POST", url, json=content, headers=self._headers
            ) as answer:
                status = answer.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise ActionError(f"the server gave no answer ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise ActionError(f"the server answered HTTP {status}")
