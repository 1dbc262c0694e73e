"""Rings the timers while the robot runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.5
"""How late a timer may ring. The wall clock may be set, and the machine may sleep, so waiting for
the moment itself would miss it."""


async def ring_when_due(
    due: Callable[[], Awaitable[Sequence[T]]], announce: Callable[[T], Awaitable[None]]
) -> None:
    """Announce whatever ``due`` tells (``Skills.due`` in a thread: it may wait for the disk), until
    cancelled."""
    while True:
        for news in await due():
            await announce(news)
        await asyncio.sleep(POLL_SECONDS)
