"""Actions done by whoever listens to an MQTT broker (OASIS MQTT 3.1.1), through aiomqtt.

Each action has a connection of its own: nothing has to be kept alive between them, and a broker
that was away is back with the next. Messages have quality of service 1: they arrive, perhaps twice,
which the ``id`` tells.
"""

from __future__ import annotations

import json
import logging
import ssl
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from robot_voice.actions.execution import ActionError, MqttConfig
from robot_voice.errors import ConfigError
from robot_voice.types import Action

from .secret import read_secret

if TYPE_CHECKING:
    import aiomqtt

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
MAX_RESULTS = 100
"""Results of others that may wait to be looked at."""
MAX_BYTES = 4096
"""Of a result; longer ones are none."""


class MqttExecutor:
    """Implements ``Executor``: publishes the action, and waits for its result if there is one."""

    def __init__(self, config: MqttConfig, base: Path) -> None:
        """Raises ``ConfigError`` without aiomqtt, or for a password that cannot be read."""
        try:
            import aiomqtt
        except ImportError:
            raise ConfigError(
                'an executor of kind "mqtt" needs the extra [mqtt]: pip install "robot-voice[mqtt]"'
            ) from None
        self._library = aiomqtt
        self._config = config
        self._password = read_secret(base, config.password_file, "password_file")

    async def execute(self, action: Action) -> None:
        """Cancelled: nobody waits for the result any more; ``halt`` tells the body."""
        number = uuid.uuid4().hex
        content = {"id": number, "action": action.name, "arguments": dict(action.arguments)}
        await self._exchange(self._config.topic, content, self._config.results, number)

    async def halt(self) -> None:
        if self._config.halt:
            await self._exchange(self._config.halt, {})

    async def close(self) -> None:
        """Every connection has ended with its action."""

    async def _exchange(
        self, topic: str, content: Mapping[str, object], results: str = "", number: str = ""
    ) -> None:
        try:
            async with self._client() as client:
                if results:
                    await client.subscribe(results, qos=1)
                await client.publish(topic, json.dumps(content), qos=1)
                if results:
                    await _result(client, number)
        except (self._library.MqttError, OSError, ValueError) as error:
            raise ActionError(f"the broker cannot be reached ({type(error).__name__})") from None

    def _client(self) -> aiomqtt.Client:
        config = self._config
        return self._library.Client(
            config.host,
            config.port,
            username=config.user or None,
            password=self._password or None,
            timeout=CONNECT_SECONDS,
            max_queued_incoming_messages=MAX_RESULTS,
            tls_context=ssl.create_default_context() if config.tls else None,
        )


async def _result(client: aiomqtt.Client, number: str) -> None:
    """Wait for what became of the action. Raises ``ActionError``."""
    async for message in client.messages:
        payload = message.payload
        if not isinstance(payload, bytes) or len(payload) > MAX_BYTES:
            continue
        try:
            found = json.loads(payload)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and found.get("id") == number:
            if found.get("ok") is True:
                return
            _log.debug("the body reports: %.200s", found.get("reason"))
            raise ActionError("the body reports a failure")
    raise ActionError("the broker has ended the connection")
