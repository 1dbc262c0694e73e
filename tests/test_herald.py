"""What the robot says of its microphone, in virtual time."""

from __future__ import annotations

import asyncio

import numpy as np

from robot_voice.build import News
from robot_voice.events import DeviceChanged, Muted
from robot_voice.service.herald import GONE_SECONDS, Herald
from robot_voice.stages import Prepared
from robot_voice.types import RATE, Speech

from .virtual_time import run

SOUND = Speech(np.zeros(RATE, np.float32), RATE)


def news(earcon: bool) -> News:
    def sound() -> Prepared:
        return lambda language: (None, SOUND)

    return News(sound(), sound(), sound() if earcon else None)


def microphone(present: bool) -> DeviceChanged:
    return DeviceChanged(0.0, "microphone", present, "reason")


def test_a_microphone_that_is_gone_is_told_of_once_and_so_is_its_return() -> None:
    async def scenario() -> None:
        herald, told, has = Herald(), list[Prepared](), news(False)
        herald.begin(told.append, has)
        for _ in range(2):
            herald.device(microphone(False))
            await asyncio.sleep(GONE_SECONDS + 0.1)
        assert told == [has.microphone_gone]
        herald.device(microphone(True))
        assert told == [has.microphone_gone, has.microphone_back]
        herald.device(microphone(True))
        assert len(told) == 2

    run(scenario())


def test_a_short_absence_and_the_loudspeakers_are_not() -> None:
    async def scenario() -> None:
        herald, told = Herald(), list[Prepared]()
        herald.begin(told.append, news(False))
        herald.device(microphone(False))
        await asyncio.sleep(GONE_SECONDS / 2)
        herald.device(microphone(True))
        herald.device(DeviceChanged(0.0, "loudspeaker", False, "reason"))
        await asyncio.sleep(2 * GONE_SECONDS)
        assert told == []

    run(scenario())


def test_nothing_is_told_after_the_end() -> None:
    async def scenario() -> None:
        herald, told = Herald(), list[Prepared]()
        herald.begin(told.append, news(False))
        herald.device(microphone(False))
        herald.end()
        await asyncio.sleep(2 * GONE_SECONDS)
        assert told == []

    run(scenario())


def test_an_earcon_says_that_the_robot_listens() -> None:
    async def scenario() -> None:
        herald, told, has = Herald(), list[Prepared](), news(True)
        herald.device(Muted(0.0, False))  # before it can speak
        herald.begin(told.append, has)
        herald.device(Muted(0.0, True))
        herald.device(Muted(0.0, False))
        assert told == [has.listening, has.listening]

    run(scenario())
