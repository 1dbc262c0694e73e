"""The talk key, and what is heard while it is up. (The terminal itself: test_cli_tty.)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from robot_voice.talk import FIRST_REPEAT_SECONDS, REPEAT_GAP_SECONDS, PushToTalk, gated
from robot_voice.types import AudioFrame, Heard


def test_press_and_press_again() -> None:
    key = PushToTalk()
    assert not key.held(0.0)
    key.press(1.0)
    assert key.held(1.0)
    assert key.held(60.0)
    key.press(60.0)
    assert not key.held(60.0)


def test_a_held_key_is_held_until_its_repeats_stop() -> None:
    key = PushToTalk()
    key.press(1.0)
    at = 1.0 + FIRST_REPEAT_SECONDS / 2
    while at < 5.0:
        key.press(at)
        assert key.held(at)
        at += 0.05
    assert key.held(at + REPEAT_GAP_SECONDS / 2)
    assert not key.held(at + REPEAT_GAP_SECONDS)
    key.press(at + 2)
    assert key.held(at + 2)


def test_nothing_is_heard_while_the_key_is_up() -> None:
    @asynccontextmanager
    async def listen() -> AsyncIterator[AsyncIterator[Heard]]:
        async def frames() -> AsyncIterator[Heard]:
            for n in range(4):
                yield Heard(AudioFrame(np.ones(512, np.float32), n * 0.032), 0.3)

        yield frames()

    held = iter([False, True, True, False])

    async def scenario() -> list[Heard]:
        async with gated(listen, lambda: next(held))() as frames:
            return [heard async for heard in frames]

    heard = asyncio.run(scenario())
    assert [h.speech for h in heard] == [0.0, 1.0, 1.0, 0.0]
    assert [float(h.frame.samples.sum()) for h in heard] == [0.0, 512.0, 512.0, 0.0]
