"""A broker for one client at a time: as much of MQTT 3.1.1 as a client with QoS 1 needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType

CONNECT, PUBLISH, SUBSCRIBE, PING, DISCONNECT = 1, 3, 8, 12, 14


class Broker:
    """Remembers what is published, and answers on a topic."""

    def __init__(
        self, topic: str = "", answer: Callable[[bytes], Sequence[bytes]] = lambda content: ()
    ) -> None:
        """``answer``: what somebody publishes on ``topic`` when this is published."""
        self._topic, self._answer = topic, answer
        self.published: list[tuple[str, bytes]] = []
        self.port = 0

    async def __aenter__(self) -> Broker:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (kind := await self._packet(reader, writer)) != DISCONNECT:
                assert kind
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            writer.close()

    async def _packet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        (head,) = await reader.readexactly(1)
        size = shift = 0
        while True:
            (byte,) = await reader.readexactly(1)
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        body = await reader.readexactly(size)
        kind = head >> 4
        if kind == CONNECT:
            writer.write(b"\x20\x02\x00\x00")
        elif kind == SUBSCRIBE:
            writer.write(b"\x90\x03" + body[:2] + b"\x01")
        elif kind == PING:
            writer.write(b"\xd0\x00")
        elif kind == PUBLISH:
            length = int.from_bytes(body[:2], "big")
            topic, content = body[2 : 2 + length].decode(), body[4 + length :]
            writer.write(b"\x40\x02" + body[2 + length : 4 + length])
            self.published.append((topic, content))
            for said in self._answer(content):
                writer.write(_publish(self._topic, said))
        await writer.drain()
        return kind


def _publish(topic: str, content: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + content
    size, length = b"", len(body)
    while True:
        length, byte = divmod(length, 128)
        size += bytes([byte | (128 if length else 0)])
        if not length:
            return b"\x30" + size + body
