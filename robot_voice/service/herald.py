"""Tells the user what the robot cannot hear: once, and aloud."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from robot_voice.build import News
from robot_voice.events import DeviceChanged, Event, Muted
from robot_voice.stages import Prepared

GONE_SECONDS = 2.0
"""A microphone that is back within this was not missed by anybody."""


class Herald:
    """Told of the devices, and lets the robot speak of them. Lives on the event loop."""

    def __init__(self) -> None:
        self._announce: Callable[[Prepared], None] = lambda news: None
        self._news: News | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._told = False

    def begin(self, announce: Callable[[Prepared], None], news: News) -> None:
        """The robot can speak from now on. It says that it listens, if it has a sound for that."""
        self._announce, self._news = announce, news
        self._ready()

    def device(self, event: Event) -> None:
        """Something happened to a device."""
        match event:
            case DeviceChanged(device="microphone", present=False):
                self.end()
                self._timer = asyncio.get_running_loop().call_later(GONE_SECONDS, self._gone)
            case DeviceChanged(device="microphone", present=True):
                self.end()
                if self._told and self._news is not None:
                    self._told = False
                    self._announce(self._news.microphone_back)
            case Muted(muted=False):
                self._ready()

    def end(self) -> None:
        """Forget what was about to be told."""
        if self._timer is not None:
            self._timer.cancel()

    def _gone(self) -> None:
        if self._news is not None and not self._told:
            self._told = True
            self._announce(self._news.microphone_gone)

    def _ready(self) -> None:
        if self._news is not None and self._news.listening is not None:
            self._announce(self._news.listening)
